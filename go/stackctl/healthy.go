package main

import (
	"fmt"
	"os/exec"
	"strings"
)

// What a service said last is worth more than the word that it does not answer.
const lastLines = "20"

// healthy runs a command that asks a service of this container whether it is ready. Where it is not, the error has what the
// command and the service said.
func healthy(service string, command []string) error {
	answer, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if err == nil {
		return nil
	}
	log, _ := exec.Command("pebble", "logs", "-n", lastLines, service).CombinedOutput()
	return fmt.Errorf("%s is not ready: %v\n%s\nlast lines of its log:\n%s", service, err, strings.TrimSpace(string(answer)), strings.TrimSpace(string(log)))
}
