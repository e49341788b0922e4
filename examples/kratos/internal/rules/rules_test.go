package rules

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	kerrors "github.com/go-kratos/kratos/v2/errors"
	"github.com/go-kratos/kratos/v2/log"
)

type memory struct {
	rules    map[string]string
	revision int64
}

func (m *memory) Put(_ context.Context, rule Rule) error {
	m.rules[rule.Name] = rule.Pattern
	m.revision++
	return nil
}

func (m *memory) Delete(_ context.Context, name string) (bool, error) {
	_, found := m.rules[name]
	delete(m.rules, name)
	m.revision++
	return found, nil
}

func (m *memory) List(context.Context) (found []Rule, revision int64, err error) {
	for name, pattern := range m.rules {
		found = append(found, Rule{name, pattern})
	}
	return found, m.revision, nil
}

type kept struct {
	values map[string]string
	broken error
}

func (k *kept) Get(_ context.Context, key string) (string, bool, error) {
	value, found := k.values[key]
	return value, found, k.broken
}

func (k *kept) Set(_ context.Context, key, value string) error {
	k.values[key] = value
	return k.broken
}

func made(t *testing.T) (*Rules, *kept, map[string]int) {
	t.Helper()
	cache, counts := &kept{values: map[string]string{}}, map[string]int{}
	count := func(result string) { counts[result]++ }
	rules := New(&memory{rules: map[string]string{}}, cache, count, log.NewStdLogger(io.Discard))
	for name, pattern := range map[string]string{"phone": `\d{11}`, "link": `https?://`} {
		if err := rules.Put(context.Background(), Rule{name, pattern}); err != nil {
			t.Fatal(err)
		}
	}
	return rules, cache, counts
}

func TestCheck(t *testing.T) {
	rules, _, counts := made(t)
	for i, text := range []string{"call 13800138000 or https://example.com", "hello", "hello"} {
		crossed, cached, err := rules.Check(context.Background(), text)
		want := [][]string{{"link", "phone"}, {}, {}}[i]
		if err != nil || !reflect.DeepEqual(crossed, want) || cached != (i == 2) {
			t.Errorf("%q: %v %v %v", text, crossed, cached, err)
		}
	}
	if counts["hit"] != 1 || counts["miss"] != 2 {
		t.Errorf("counted %v", counts)
	}
}

func TestAChangedRuleCountsAtOnce(t *testing.T) {
	rules, _, _ := made(t)
	ctx := context.Background()
	if crossed, _, _ := rules.Check(ctx, "hello"); len(crossed) != 0 {
		t.Fatal(crossed)
	}
	if err := rules.Put(ctx, Rule{"greeting", "(?i)hello"}); err != nil {
		t.Fatal(err)
	}
	if crossed, cached, _ := rules.Check(ctx, "hello"); cached || !reflect.DeepEqual(crossed, []string{"greeting"}) {
		t.Errorf("%v %v", crossed, cached)
	}
	if err := rules.Delete(ctx, "greeting"); err != nil {
		t.Error(err)
	}
	if err := rules.Delete(ctx, "greeting"); kerrors.Code(err) != 404 {
		t.Errorf("found %v", err)
	}
}

func TestWithoutItsCacheItStillAnswers(t *testing.T) {
	rules, cache, counts := made(t)
	cache.broken = errors.New("connection refused")
	if crossed, cached, err := rules.Check(context.Background(), "http://a"); err != nil || cached || len(crossed) != 1 {
		t.Errorf("%v %v %v", crossed, cached, err)
	}
	if counts["error"] != 1 {
		t.Errorf("counted %v", counts)
	}
}

func TestWhatIsRefused(t *testing.T) {
	rules, _, _ := made(t)
	for _, rule := range []Rule{{"Phone", "a"}, {"", "a"}, {"a", ""}, {"a", "("}, {"a", strings.Repeat("a", longestPattern+1)}} {
		if err := rules.Put(context.Background(), rule); kerrors.Code(err) != 400 {
			t.Errorf("%+v: %v", rule, err)
		}
	}
	for _, text := range []string{"", strings.Repeat("a", longestText+1)} {
		if _, _, err := rules.Check(context.Background(), text); kerrors.Code(err) != 400 {
			t.Errorf("%d bytes: %v", len(text), err)
		}
	}
}
