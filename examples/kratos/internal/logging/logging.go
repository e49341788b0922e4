// Package logging writes one line of JSON for each record, as collectors of logs read them.
package logging

import (
	"context"
	"io"
	"log/slog"
	"strings"

	"github.com/go-kratos/kratos/v2/log"
)

type logger struct{ to *slog.Logger }

var levels = map[log.Level]slog.Level{
	log.LevelDebug: slog.LevelDebug, log.LevelInfo: slog.LevelInfo, log.LevelWarn: slog.LevelWarn,
	log.LevelError: slog.LevelError, log.LevelFatal: slog.LevelError,
}

// New writes what is at least as important as the level: debug, info, warn or error.
func New(w io.Writer, level string, fixed ...any) log.Logger {
	var least slog.Level
	_ = least.UnmarshalText([]byte(level))
	return logger{slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: least})).With(fixed...)}
}

func (l logger) Log(level log.Level, pairs ...any) error {
	message := ""
	rest := make([]any, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		key, _ := pairs[i].(string)
		if text, ok := pairs[i+1].(string); ok && key == log.DefaultMessageKey {
			message = text
			continue
		}
		if secret(key) {
			rest = append(rest, key, "hidden")
			continue
		}
		rest = append(rest, key, pairs[i+1])
	}
	l.to.Log(context.Background(), levels[level], message, rest...)
	return nil
}

func secret(key string) bool {
	for _, part := range []string{"password", "token", "secret"} {
		if strings.Contains(strings.ToLower(key), part) {
			return true
		}
	}
	return false
}
