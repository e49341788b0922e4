package logging

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

const (
	// As many lines wait while the collector is away; then the newest are lost. The service never waits for it.
	waiting = 4096
	// How long the collector may take to be reached, and to take a line.
	limit = 5 * time.Second
)

// Collector is a copy of the log for a program that collects lines by TCP, such as Filebeat.
type Collector struct {
	lines chan []byte
	done  chan struct{}
	stop  context.CancelFunc
	// Guards lost, and lines against being closed while one is written.
	guard  sync.Mutex
	closed bool
	lost   int
}

// Collect sends what is written to it to the address, HOST:PORT, which may begin to answer later.
func Collect(address string) *Collector {
	ctx, stop := context.WithCancel(context.Background())
	c := &Collector{lines: make(chan []byte, waiting), done: make(chan struct{}), stop: stop}
	go c.send(ctx, address)
	return c
}

// Write takes one line. It always succeeds: standard output has the line as well.
func (c *Collector) Write(line []byte) (int, error) {
	c.guard.Lock()
	defer c.guard.Unlock()
	if c.closed {
		return len(line), nil
	}
	select {
	case c.lines <- bytes.Clone(line):
	default:
		c.lost++
	}
	return len(line), nil
}

// Close gives the collector a moment to take what still waits.
func (c *Collector) Close() error {
	c.guard.Lock()
	if !c.closed {
		c.closed = true
		close(c.lines)
	}
	c.guard.Unlock()
	select {
	case <-c.done:
	case <-time.After(limit):
		c.stop()
		<-c.done
	}
	return nil
}

func (c *Collector) send(ctx context.Context, address string) {
	defer close(c.done)
	defer c.stop()
	var connection net.Conn
	defer func() {
		if connection != nil {
			connection.Close()
		}
	}()
	for line := range c.lines {
		for {
			if connection == nil {
				if connection = dial(ctx, address); connection == nil {
					return
				}
			}
			_ = connection.SetWriteDeadline(time.Now().Add(limit))
			if _, err := connection.Write(line); err == nil {
				break
			}
			connection.Close()
			connection = nil
		}
		c.report(connection)
	}
}

// report sends how many lines the collector did not get.
func (c *Collector) report(connection net.Conn) {
	c.guard.Lock()
	lost := c.lost
	c.lost = 0
	c.guard.Unlock()
	if lost > 0 {
		fmt.Fprintf(connection, `{"time":%q,"level":"WARN","msg":"lines of the log are lost","lines":%d}`+"\n", time.Now().Format(time.RFC3339Nano), lost)
	}
}

// dial tries until the collector answers. The first failure is said once, where the log itself cannot say it.
func dial(ctx context.Context, address string) net.Conn {
	dialer, said := net.Dialer{Timeout: limit}, false
	for {
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			return connection
		}
		if ctx.Err() != nil {
			return nil
		}
		if !said {
			fmt.Fprintf(os.Stderr, `{"time":%q,"level":"WARN","msg":"the log's collector does not answer","reason":%q}`+"\n", time.Now().Format(time.RFC3339Nano), err.Error())
			said = true
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}
