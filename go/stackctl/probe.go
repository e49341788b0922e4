package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// A pace says how patiently services are asked.
type pace struct {
	try    time.Duration // the limit of one question
	pause  time.Duration // between an answer that is not good and the next question
	report time.Duration // between two lines on what is still waited for
}

var usualPace = pace{try: 3 * time.Second, pause: 250 * time.Millisecond, report: 5 * time.Second}

// A wait is what is known of the targets so far.
type wait struct {
	targets []target
	out     io.Writer
	mutex   sync.Mutex
	reasons []error // of each target, why it is still waited for; nil once it has answered well
}

// probe asks all targets side by side until each has answered well once, or the time is over.
func (pace pace) probe(ctx context.Context, targets []target, within time.Duration, out, progress io.Writer) error {
	wait := &wait{targets: targets, out: out, reasons: make([]error, len(targets))}
	began := time.Now()
	var group sync.WaitGroup
	for index := range targets {
		wait.reasons[index] = errors.New("no answer yet")
		group.Go(func() { pace.until(ctx, index, began.Add(within), wait) })
	}
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()

	ticker := time.NewTicker(pace.report)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			fmt.Fprintf(progress, "stackctl: %s: still waiting for %s\n", time.Since(began).Round(time.Second), strings.Join(wait.list(), ", "))
		case <-done:
			return wait.verdict()
		}
	}
}

// until asks once at least, whatever the deadline is.
func (pace pace) until(ctx context.Context, index int, deadline time.Time, wait *wait) {
	for {
		limit := pace.try
		if left := time.Until(deadline); left > 0 && left < limit {
			limit = left
		}
		err := bounded(ctx, limit, wait.targets[index].ask)
		wait.note(index, err)
		if err == nil || time.Until(deadline) <= pace.pause {
			return
		}
		time.Sleep(pace.pause)
	}
}

// bounded also returns in time where a client does not mind its context.
func bounded(ctx context.Context, limit time.Duration, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- ask(ctx) }()
	select {
	case err := <-answer:
		var network net.Error
		if err != nil && (ctx.Err() != nil || errors.As(err, &network) && network.Timeout()) {
			return fmt.Errorf("no answer within %s (%w)", limit.Round(time.Millisecond), err)
		}
		return err
	case <-ctx.Done():
		return fmt.Errorf("no answer within %s", limit.Round(time.Millisecond))
	}
}

func (wait *wait) note(index int, err error) {
	wait.mutex.Lock()
	defer wait.mutex.Unlock()
	wait.reasons[index] = err
	if err == nil {
		fmt.Fprintf(wait.out, "ok  %s\n", wait.targets[index].name)
	}
}

// list has an entry for each target that is still waited for.
func (wait *wait) list() []string {
	wait.mutex.Lock()
	defer wait.mutex.Unlock()
	var entries []string
	for index, err := range wait.reasons {
		if err != nil {
			entries = append(entries, wait.targets[index].name+": "+oneLine(err))
		}
	}
	return entries
}

func (wait *wait) verdict() error {
	bad := wait.list()
	for _, entry := range bad {
		fmt.Fprintln(wait.out, "bad", entry)
	}
	if len(bad) > 0 {
		return fmt.Errorf("%d of %d do not answer as they should", len(bad), len(wait.targets))
	}
	return nil
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
