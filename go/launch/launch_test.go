package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test's own program stands for launch where it is started by this variable.
func TestMain(m *testing.M) {
	if path := os.Getenv("LAUNCH_PLAN"); path != "" {
		os.Args = append([]string{"launch", path}, os.Args[1:]...)
		main()
	}
	os.Exit(m.Run())
}

func launch(t *testing.T, made plan, arguments ...string) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(os.Args[0], arguments...)
	command.Env = append(os.Environ(), "LAUNCH_PLAN="+path)
	return command
}

func script(words string) []string { return []string{"sh", "-c", words, "sh"} }

func TestPassesArgumentsOutputAndExitCodeOn(t *testing.T) {
	command := launch(t, plan{Command: script(`echo "$1 $2"; echo wrong >&2; exit 7`)}, "a b", "c")
	var out, told bytes.Buffer
	command.Stdout, command.Stderr = &out, &told
	err := command.Run()
	if out.String() != "a b c\n" || !strings.Contains(told.String(), "wrong\n") || !strings.Contains(told.String(), "launch: sh ended with exit code 7") {
		t.Errorf("got %q, %q", out.String(), told.String())
	}
	if code := command.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit code %d, %v", code, err)
	}
}

func TestPassesSignalsOn(t *testing.T) {
	command := launch(t, plan{Command: script(`trap 'echo asked; exit 3' TERM; echo ready; while :; do sleep 0.05; done`)})
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 6)
	if _, err := out.Read(line); err != nil {
		t.Fatal(err)
	}
	command.Process.Signal(syscall.SIGTERM)
	rest := make([]byte, 6)
	out.Read(rest)
	command.Wait()
	if code := command.ProcessState.ExitCode(); string(rest) != "asked\n" || code != 3 {
		t.Errorf("got %q, exit code %d", rest, code)
	}
}

func TestSaysWhatKeepsAProgramFromWorking(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	listener.Close()
	made := plan{
		Command: script(`sleep 0.5; exit 1`),
		Config:  folder(t, map[string]string{"db.yml": "address: [ " + closed + " ]\n"}),
		Stores:  []store{{Name: "Postgres", Variables: []string{"LT_DB_ADDRESS"}}},
	}
	command := launch(t, made)
	text, _ := command.CombinedOutput()
	named := fmt.Sprintf("launch: Postgres at %s (LT_DB_ADDRESS) does not answer: connect: connection refused", closed)
	if strings.Count(string(text), named) != 2 {
		t.Errorf("expected it at the start and at the end: %s", text)
	}
}

func TestRefusesAPublicSecretButAnswersQuestions(t *testing.T) {
	made := plan{
		Command: script(`echo started`),
		Config:  folder(t, map[string]string{"share.yml": "secret: openIM123\n"}),
		Secrets: []secret{{"LT_SHARE_SECRET", []string{"openIM123"}}},
		Allow:   "LT_ALLOW",
	}
	for words, expected := range map[string]string{"": "whoever has it is an administrator", "--help": "started"} {
		command := launch(t, made, strings.Fields(words)...)
		text, _ := command.CombinedOutput()
		if !strings.Contains(string(text), expected) || (expected == "started") != (command.ProcessState.ExitCode() == 0) {
			t.Errorf("%q: %s", words, text)
		}
	}
	command := launch(t, made)
	command.Env = append(command.Env, "LT_SHARE_SECRET=own")
	if text, err := command.CombinedOutput(); err != nil || string(text) != "started\n" {
		t.Errorf("with a secret: %s, %v", text, err)
	}
}

func TestASupervisorWhoseProgramCannotRunIsEnded(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().String()
	go http.Serve(listener, http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(out).Encode(map[string]any{"result": []state{{"post", "backoff", "x"}, {"desk", "active", began}}})
	}))
	made := plan{
		Command:    script(`trap 'exit 0' TERM; echo "2026-11-26T13:00:00.000Z [post] Error: no stamps"; while :; do sleep 0.05; done`),
		Supervisor: &supervisor{Socket: filepath.Join("/usual", filepath.Base(socket)), Programs: []program{{"post", 0}, {"desk", 1}}, ProvenSeconds: 1, GiveUpSeconds: 1},
	}
	command := launch(t, made)
	// Elsewhere than the plan says, as on a read-only root file system.
	command.Env = append(command.Env, "PEBBLE="+filepath.Dir(socket))
	text, _ := command.CombinedOutput()
	for _, expected := range []string{
		"launch: this container ends: post could not be kept running for 1 s",
		"launch: post was down, it ended once: Error: no stamps",
		"launch: desk never came up: it printed nothing",
	} {
		if !strings.Contains(string(text), expected) {
			t.Errorf("expected %q: %s", expected, text)
		}
	}
	if code := command.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
}
