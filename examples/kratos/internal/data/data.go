// Package data keeps rules in PostgreSQL and answers in Redis.
package data

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/example/xredline/internal/conf"
	"github.com/example/xredline/internal/rules"
)

// Database is PostgreSQL.
type Database struct{ Pool *pgxpool.Pool }

// OpenDatabase connects when it is first asked.
func OpenDatabase(config conf.Database, tracer pgx.QueryTracer) (*Database, error) {
	parsed, err := pgxpool.ParseConfig(config.URL())
	if err != nil {
		return nil, fmt.Errorf("data.database: %w", err)
	}
	parsed.ConnConfig.Tracer = tracer
	pool, err := pgxpool.NewWithConfig(context.Background(), parsed)
	if err != nil {
		return nil, err
	}
	return &Database{pool}, nil
}

// Two instances may start at the same time: the lock lets one of them make the tables.
var tables = []string{
	`SELECT pg_advisory_xact_lock(20250327)`,
	`CREATE TABLE IF NOT EXISTS rules (name text PRIMARY KEY, pattern text NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS revision (single boolean PRIMARY KEY DEFAULT true CHECK (single), value bigint NOT NULL)`,
	`INSERT INTO revision (value) VALUES (0) ON CONFLICT DO NOTHING`,
}

// Migrate makes what is missing.
func (d *Database) Migrate(ctx context.Context) error {
	return pgx.BeginFunc(ctx, d.Pool, func(tx pgx.Tx) error {
		for _, statement := range tables {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Database) Ping(ctx context.Context) error { return d.Pool.Ping(ctx) }

func (d *Database) Put(ctx context.Context, rule rules.Rule) error {
	return d.changed(ctx, func(tx pgx.Tx) (bool, error) {
		_, err := tx.Exec(ctx, `INSERT INTO rules (name, pattern) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET pattern = excluded.pattern`, rule.Name, rule.Pattern)
		return true, err
	})
}

func (d *Database) Delete(ctx context.Context, name string) (found bool, err error) {
	err = d.changed(ctx, func(tx pgx.Tx) (bool, error) {
		done, err := tx.Exec(ctx, `DELETE FROM rules WHERE name = $1`, name)
		found = done.RowsAffected() > 0
		return found, err
	})
	return found, err
}

func (d *Database) changed(ctx context.Context, change func(pgx.Tx) (bool, error)) error {
	return pgx.BeginFunc(ctx, d.Pool, func(tx pgx.Tx) error {
		changed, err := change(tx)
		if err != nil || !changed {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE revision SET value = value + 1`)
		return err
	})
}

// List reads rules and revision in one statement, so that they belong together.
func (d *Database) List(ctx context.Context) ([]rules.Rule, int64, error) {
	rows, err := d.Pool.Query(ctx, `SELECT revision.value, rules.name, rules.pattern
		FROM revision LEFT JOIN rules ON true ORDER BY rules.name`)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	found, revision := []rules.Rule{}, int64(0)
	for rows.Next() {
		var name, pattern *string
		if err := rows.Scan(&revision, &name, &pattern); err != nil {
			return nil, 0, err
		}
		if name != nil {
			found = append(found, rules.Rule{Name: *name, Pattern: *pattern})
		}
	}
	return found, revision, rows.Err()
}

// Cache is Redis.
type Cache struct {
	client *redis.Client
	keep   time.Duration
}

func OpenCache(config conf.Redis) *Cache {
	client := redis.NewClient(&redis.Options{Addr: config.Address, Password: config.Password, DialTimeout: time.Second})
	return &Cache{client, time.Duration(config.Keep)}
}

func (c *Cache) Close() error { return c.client.Close() }

func (c *Cache) Ping(ctx context.Context) error { return c.client.Ping(ctx).Err() }

func (c *Cache) Get(ctx context.Context, key string) (string, bool, error) {
	value, err := c.client.Get(ctx, key).Result()
	if errors.Is(err, redis.Nil) {
		return "", false, nil
	}
	return value, err == nil, err
}

func (c *Cache) Set(ctx context.Context, key, value string) error {
	return c.client.Set(ctx, key, value, c.keep).Err()
}

// Info is what Redis says of itself, as far as it is a number.
func (c *Cache) Info(ctx context.Context) (map[string]float64, error) {
	text, err := c.client.Info(ctx).Result()
	if err != nil {
		return nil, err
	}
	return numbers(text), nil
}

func numbers(text string) map[string]float64 {
	found := map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		name, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if number, err := strconv.ParseFloat(value, 64); ok && err == nil {
			found[name] = number
		}
	}
	return found
}
