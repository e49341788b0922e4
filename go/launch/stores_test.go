package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

type notes struct {
	mutex sync.Mutex
	lines []string
}

func (n *notes) say(format string, values ...any) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.lines = append(n.lines, fmt.Sprintf(format, values...))
}

func TestStoresAreNamedUntilTheyAnswer(t *testing.T) {
	var said notes
	asked := map[string]int{}
	var mutex sync.Mutex
	watch := &storeWatch{
		stores: []*endpoint{{store: "MongoDB", variable: "IMENV_MONGODB_URI", host: "mongo:1"}, {store: "Redis", variable: "IMENV_REDIS_ADDRESS", host: "redis:2"}},
		say:    said.say,
		pause:  time.Millisecond,
		ask: func(host string) error {
			mutex.Lock()
			defer mutex.Unlock()
			asked[host]++
			if host == "mongo:1" && asked[host] < 4 {
				return errors.New("connection refused")
			}
			return nil
		},
	}
	watch.run()
	text := strings.Join(said.lines, "\n")
	if len(said.lines) != 2 || !strings.HasPrefix(text, "MongoDB at mongo:1 (IMENV_MONGODB_URI) does not answer: connection refused.") || !strings.Contains(text, "MongoDB at mongo:1 (IMENV_MONGODB_URI) answers now") {
		t.Errorf("got %s", text)
	}
	if asked["redis:2"] != 1 {
		t.Errorf("Redis was asked %d times", asked["redis:2"])
	}
}

func TestReasons(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := listener.Addr().String()
	if err := dial(host); err != nil {
		t.Errorf("a listener: %v", err)
	}
	listener.Close()
	if err := dial(host); err == nil || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), host) {
		t.Errorf("nobody listens: %v", err)
	}
	if err := dial("no-such-host.invalid:1"); err == nil {
		t.Error("a name that does not exist answers")
	}
}
