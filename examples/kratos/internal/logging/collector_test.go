package logging

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// received is what a client of the listener sends until it closes its connection.
func received(t *testing.T, listener net.Listener) <-chan string {
	t.Helper()
	lines := make(chan string, 2*waiting)
	go func() {
		defer close(lines)
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		for scanner := bufio.NewScanner(connection); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	return lines
}

func TestCollectorGetsEachLine(t *testing.T) {
	listener := listen(t, "127.0.0.1:0")
	lines := received(t, listener)
	collector := Collect(listener.Addr().String())
	logger := New(collector, "info", "service", "xredline")
	for i := range 3 {
		_ = logger.Log(0, "msg", fmt.Sprintf("line %d", i))
	}
	collector.Close()
	got := []string{}
	for line := range lines {
		got = append(got, line)
	}
	if len(got) != 3 || !strings.Contains(got[2], `"msg":"line 2"`) {
		t.Fatalf("the collector has %q", got)
	}
}

func TestCollectorThatComesLater(t *testing.T) {
	listener := listen(t, "127.0.0.1:0")
	address := listener.Addr().String()
	listener.Close()
	collector := Collect(address)
	before := time.Now()
	for i := range waiting + 10 {
		fmt.Fprintf(collector, "line %d\n", i)
	}
	if took := time.Since(before); took > time.Second {
		t.Fatalf("the service has waited for the collector: %s", took)
	}
	lines := received(t, listen(t, address))
	first, second := <-lines, <-lines
	if first != "line 0" || !strings.Contains(second, `"msg":"lines of the log are lost"`) {
		t.Fatalf("the collector has %q, then %q", first, second)
	}
	collector.Close()
	// After its end a line is nothing that fails.
	if _, err := collector.Write([]byte("late\n")); err != nil {
		t.Fatal(err)
	}
}

func TestCollectorThatNeverComes(t *testing.T) {
	listener := listen(t, "127.0.0.1:0")
	address := listener.Addr().String()
	listener.Close()
	collector := Collect(address)
	fmt.Fprintln(collector, "a line")
	ended := make(chan struct{})
	go func() { collector.Close(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(limit + 2*time.Second):
		t.Fatal("the end of the service waits for the collector")
	}
}
