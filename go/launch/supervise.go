package main

import (
	"fmt"
	"net"
	"sync"
	"time"
)

const lookPeriod = time.Second

// supervise runs the supervisor, looks after its programs, and ends it when one of them cannot be kept running.
func supervise(of supervisor, command []string, stores *storeWatch) int {
	told := &lastLines{}
	one := &child{command: command, line: told.hear}
	seen := newTracker(of)
	gaveUp := make(chan []string, 1)
	var mutex sync.Mutex
	go func() {
		for range time.Tick(lookPeriod) {
			states, err := askSupervisor(of.Socket)
			if err != nil {
				continue
			}
			mutex.Lock()
			if !one.stopped.Load() && len(gaveUp) == 0 {
				if failed := seen.look(time.Now(), states, answers); len(failed) > 0 {
					gaveUp <- failed
					one.end()
				}
			}
			mutex.Unlock()
		}
	}()
	code := one.run()
	mutex.Lock()
	defer mutex.Unlock()
	select {
	case failed := <-gaveUp:
		say("this container ends: %s could not be kept running for %d s", joined(failed), of.GiveUpSeconds)
		code = max(code, 1)
	default:
	}
	down, never := seen.summary()
	for _, name := range down {
		say("%s was down, it ended %s: %s", name, times(seen.of[name].ends), told.last(name))
	}
	for _, name := range never {
		say("%s never came up: %s", name, told.last(name))
	}
	if code != 0 || len(down)+len(never) > 0 {
		stores.report()
	}
	return code
}

func times(count int) string {
	if count == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", count)
}

func joined(names []string) string {
	text := names[0]
	for i, name := range names[1:] {
		if i == len(names)-2 {
			text += " and " + name
		} else {
			text += ", " + name
		}
	}
	return text
}

func answers(port int) bool {
	connection, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return false
	}
	connection.Close()
	return true
}
