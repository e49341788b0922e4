// Package rules is what the service does: it names the red lines that a text crosses.
package rules

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/go-kratos/kratos/v2/errors"
	"github.com/go-kratos/kratos/v2/log"
)

// Limits of what a caller may send.
const (
	longestText    = 64 << 10
	longestPattern = 1 << 10
)

type Rule struct {
	Name    string
	Pattern string
}

// Store keeps rules. Their revision changes whenever one of them does.
type Store interface {
	Put(context.Context, Rule) error
	Delete(ctx context.Context, name string) (found bool, err error)
	List(context.Context) (rules []Rule, revision int64, err error)
}

// Cache keeps answers for some time.
type Cache interface {
	Get(ctx context.Context, key string) (value string, found bool, err error)
	Set(ctx context.Context, key, value string) error
}

// Rules checks texts. Without a cache each check is made again.
type Rules struct {
	store Store
	cache Cache
	count func(result string)
	log   *log.Helper
}

func New(store Store, cache Cache, count func(result string), logger log.Logger) *Rules {
	return &Rules{store: store, cache: cache, count: count, log: log.NewHelper(logger)}
}

var named = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func (r *Rules) Put(ctx context.Context, rule Rule) error {
	if !named.MatchString(rule.Name) {
		return errors.BadRequest("RULE_NAME", "a rule's name has small letters, digits and hyphens, at most 63 of them")
	}
	if rule.Pattern == "" || len(rule.Pattern) > longestPattern {
		return errors.BadRequest("RULE_PATTERN", fmt.Sprintf("a pattern has 1 to %d bytes", longestPattern))
	}
	if _, err := regexp.Compile(rule.Pattern); err != nil {
		return errors.BadRequest("RULE_PATTERN", err.Error())
	}
	return r.store.Put(ctx, rule)
}

func (r *Rules) Delete(ctx context.Context, name string) error {
	found, err := r.store.Delete(ctx, name)
	if err == nil && !found {
		return errors.NotFound("RULE_UNKNOWN", fmt.Sprintf("no rule is called %q", name))
	}
	return err
}

func (r *Rules) List(ctx context.Context) ([]Rule, error) {
	found, _, err := r.store.List(ctx)
	return found, err
}

// Check names the rules that the text crosses, in the order of their names. A cache that is down makes it slower, not wrong.
func (r *Rules) Check(ctx context.Context, text string) (crossed []string, cached bool, err error) {
	if text == "" || len(text) > longestText {
		return nil, false, errors.BadRequest("TEXT", fmt.Sprintf("a text has 1 to %d bytes", longestText))
	}
	all, revision, err := r.store.List(ctx)
	if err != nil {
		return nil, false, err
	}
	key := keyOf(revision, text)
	if crossed, ok := r.kept(ctx, key); ok {
		return crossed, true, nil
	}
	crossed = []string{}
	for _, rule := range all {
		pattern, err := regexp.Compile(rule.Pattern)
		if err != nil {
			return nil, false, errors.InternalServer("RULE_PATTERN", fmt.Sprintf("the rule %s cannot be read: %v", rule.Name, err))
		}
		if pattern.MatchString(text) {
			crossed = append(crossed, rule.Name)
		}
	}
	slices.Sort(crossed)
	r.keep(ctx, key, crossed)
	return crossed, false, nil
}

// The revision is part of the key: a changed rule needs no cache to be emptied. The text itself is not kept.
func keyOf(revision int64, text string) string {
	digest := sha256.Sum256([]byte(text))
	return fmt.Sprintf("check:%d:%s", revision, hex.EncodeToString(digest[:]))
}

func (r *Rules) kept(ctx context.Context, key string) ([]string, bool) {
	if r.cache == nil {
		return nil, false
	}
	text, found, err := r.cache.Get(ctx, key)
	var crossed []string
	if err == nil && found {
		err = json.Unmarshal([]byte(text), &crossed)
	}
	switch {
	case err != nil:
		r.count("error")
		r.log.Warnw("msg", "the cache cannot be read", "reason", err.Error())
		return nil, false
	case !found:
		r.count("miss")
		return nil, false
	}
	r.count("hit")
	return crossed, true
}

func (r *Rules) keep(ctx context.Context, key string, crossed []string) {
	if r.cache == nil {
		return
	}
	text, _ := json.Marshal(crossed)
	if err := r.cache.Set(ctx, key, string(text)); err != nil {
		r.log.Warnw("msg", "the cache cannot be written", "reason", err.Error())
	}
}
