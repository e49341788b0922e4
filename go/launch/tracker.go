package main

import (
	"slices"
	"time"
)

// A tracker knows from looks at the supervisor which programs are well, and since when the others are not.
type tracker struct {
	programs []program
	proven   time.Duration
	giveUp   time.Duration
	of       map[string]*course
}

type course struct {
	start string
	// When the present run began, as far as seen.
	began time.Time
	down  bool
	// Zero while it is well.
	failing time.Time
	ends    int
	cameUp  bool
	// An operator stopped it.
	stopped bool
}

// A state is what the supervisor says of a program.
type state struct {
	Name    string `json:"name"`
	Current string `json:"current"`
	Since   string `json:"current-since"`
}

// A program without a port came up when it ran for so long.
const firmly = 10 * time.Second

func newTracker(of supervisor) *tracker {
	made := &tracker{of.Programs, time.Duration(of.ProvenSeconds) * time.Second, time.Duration(of.GiveUpSeconds) * time.Second, map[string]*course{}}
	for _, one := range of.Programs {
		made.of[one.Name] = &course{}
	}
	return made
}

// look gives the programs that cannot be kept running. It judges when a program ends, or stays down: one that runs may be well this time,
// however slowly it failed before.
func (t *tracker) look(now time.Time, states []state, answers func(port int) bool) []string {
	var failed []string
	for _, one := range t.programs {
		seen := t.of[one.Name]
		at := slices.IndexFunc(states, func(s state) bool { return s.Name == one.Name })
		if at < 0 {
			continue
		}
		found := states[at]
		ended := false
		switch found.Current {
		case "active":
			ended = !seen.down && seen.start != "" && seen.start != found.Since
			if seen.start != found.Since {
				seen.start, seen.began = found.Since, now
			}
			seen.down, seen.stopped = false, false
		case "backoff", "error":
			ended = !seen.down
			seen.down, seen.stopped = true, false
		default:
			*seen = course{cameUp: seen.cameUp, ends: seen.ends, stopped: true}
			continue
		}
		if ended {
			seen.ends++
			if seen.failing.IsZero() {
				seen.failing = now
			}
		}
		if !seen.down {
			if now.Sub(seen.began) >= t.proven {
				seen.failing = time.Time{}
			}
			seen.cameUp = seen.cameUp || one.Port != 0 && answers(one.Port) || one.Port == 0 && now.Sub(seen.began) >= firmly
		}
		if (ended || seen.down) && !seen.failing.IsZero() && now.Sub(seen.failing) >= t.giveUp {
			failed = append(failed, one.Name)
		}
	}
	return failed
}

// summary names the programs that were down at the last look or had just ended, and the others that never came up.
func (t *tracker) summary() (down, never []string) {
	for _, one := range t.programs {
		seen := t.of[one.Name]
		switch {
		case seen.stopped:
		case seen.down || !seen.failing.IsZero():
			down = append(down, one.Name)
		case !seen.cameUp:
			never = append(never, one.Name)
		}
	}
	return down, never
}
