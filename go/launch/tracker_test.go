package main

import (
	"strings"
	"testing"
	"time"
)

// A story is what a supervisor says of one program, second by second.
type story struct {
	tracker *tracker
	now     time.Time
	failed  []string
	ports   bool
}

func tell(port int) *story {
	of := supervisor{Programs: []program{{"post", port}}, ProvenSeconds: 330, GiveUpSeconds: 360}
	return &story{tracker: newTracker(of), now: time.Unix(1000, 0), ports: true}
}

func (s *story) is(current string, seconds int) *story {
	since := s.now.String()
	for i := 0; i < seconds; i++ {
		found := s.tracker.look(s.now, []state{{"post", current, since}, {"other", "error", ""}}, func(int) bool { return s.ports })
		if len(s.failed) == 0 {
			s.failed = found
		}
		s.now = s.now.Add(time.Second)
	}
	return s
}

func (s *story) summary() string {
	down, never := s.tracker.summary()
	return "down: " + strings.Join(down, " ") + "; never: " + strings.Join(never, " ")
}

func TestWhoCannotBeKeptRunning(t *testing.T) {
	for name, expected := range map[string]struct {
		story  *story
		failed bool
		says   string
	}{
		"well":                   {tell(1).is("active", 1000), false, "down: ; never: "},
		"ended once":             {tell(1).is("active", 20).is("backoff", 2).is("active", 400), false, "down: ; never: "},
		"not proven yet":         {tell(1).is("active", 20).is("backoff", 2).is("active", 100), false, "down: post; never: "},
		"stays down":             {tell(1).is("active", 1).is("error", 400), true, "down: post; never: "},
		"fails at once":          {tell(1).is("active", 1).is("backoff", 150).is("active", 1).is("backoff", 150).is("active", 1).is("backoff", 100), true, "down: post; never: "},
		"fails slowly":           {tell(1).is("active", 309).is("backoff", 1).is("active", 309).is("backoff", 2).is("active", 309).is("backoff", 1), true, "down: post; never: "},
		"runs when time is over": {tell(1).is("active", 309).is("backoff", 1).is("active", 309).is("backoff", 2).is("active", 300), false, "down: post; never: "},
		"an operator stopped it": {tell(1).is("active", 30).is("inactive", 1000), false, "down: ; never: "},
		"an outage of 5 minutes": {tell(1).is("active", 500).is("backoff", 150).is("active", 5).is("backoff", 150).is("active", 400), false, "down: ; never: "},
	} {
		if (len(expected.story.failed) > 0) != expected.failed || expected.story.summary() != expected.says {
			t.Errorf("%s: failed %v, %s", name, expected.story.failed, expected.story.summary())
		}
	}
}

func TestWhoNeverCameUp(t *testing.T) {
	silent := tell(1)
	silent.ports = false
	if text := silent.is("active", 100).summary(); text != "down: ; never: post" {
		t.Error(text)
	}
	if text := tell(0).is("active", 5).summary(); text != "down: ; never: post" {
		t.Error(text)
	}
	if text := tell(0).is("active", 15).summary(); text != "down: ; never: " {
		t.Error(text)
	}
	if text := tell(0).summary(); text != "down: ; never: post" {
		t.Error(text)
	}
}

func TestLastLines(t *testing.T) {
	told := &lastLines{}
	for _, line := range []string{
		"2026-11-26T13:00:00.000Z [post] begins\n",
		"2026-11-26T13:00:00.000Z [post] \x1b[31mError: failed to connect to MongoDB\x1b[0m\n",
		"2026-11-26T13:00:00.000Z [post] bye\n",
		"2026-11-26T13:00:00.000Z [post] \n",
		"2026-11-26T13:00:00.000Z [desk] open\n",
		"not an entry\n",
	} {
		told.hear(line)
	}
	for name, expected := range map[string]string{"post": "Error: failed to connect to MongoDB", "desk": "open", "nobody": "it printed nothing"} {
		if line := told.last(name); line != expected {
			t.Errorf("%s: got %s", name, line)
		}
	}
}
