package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"time"
)

// askSupervisor asks Pebble's API for its services. In HTTP/1.0, where the answer ends with the connection.
func askSupervisor(socket string) ([]state, error) {
	connection, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(connection, "GET /v1/services HTTP/1.0\r\nHost: localhost\r\n\r\n"); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(connection)
	if err != nil {
		return nil, err
	}
	_, body, found := bytes.Cut(text, []byte("\r\n\r\n"))
	if !found {
		return nil, errors.New("no answer")
	}
	var answer struct {
		Result []state `json:"result"`
	}
	return answer.Result, json.Unmarshal(body, &answer)
}

// lastLines keeps what each program printed last, from the supervisor's output: TIME [PROGRAM] TEXT.
type lastLines struct {
	mutex sync.Mutex
	lines map[string]string
	// The last line that says that something is wrong.
	faults map[string]string
}

var (
	entry  = regexp.MustCompile(`^\S+ \[([^\]\s]+)\] (.*)$`)
	colour = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	fault  = regexp.MustCompile(`(?i)\b(error|panic|fatal|failed|refused|cannot)\b`)
)

func (l *lastLines) hear(text string) {
	parts := entry.FindStringSubmatch(strings.TrimRight(text, "\r\n"))
	if parts == nil {
		return
	}
	line := strings.TrimSpace(colour.ReplaceAllString(parts[2], ""))
	if line == "" {
		return
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.lines == nil {
		l.lines, l.faults = map[string]string{}, map[string]string{}
	}
	l.lines[parts[1]] = line
	if fault.MatchString(line) {
		l.faults[parts[1]] = line
	}
}

func (l *lastLines) last(name string) string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if line := l.faults[name]; line != "" {
		return line
	}
	if line := l.lines[name]; line != "" {
		return line
	}
	return "it printed nothing"
}
