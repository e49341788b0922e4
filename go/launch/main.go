// launch starts what an image is made for, a program or a supervisor with several, and says what keeps them from working:
//
//	launch PLAN.json [ARGUMENT…]
//
// It reads the variables that mounted secrets hold, refuses secrets that everybody knows, gives the container's address to programs
// that would register without one, asks the stores whether they answer while the programs start, passes signals on, ends as the program
// ends, and says at the end which programs were down.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A plan is what the image's recipe knows. Values of the configuration go by the names of the variables that replace them.
type plan struct {
	Command []string `json:"command"`
	// The folder of the configuration, unless the arguments name another one.
	Config  string   `json:"config"`
	Secrets []secret `json:"secrets"`
	// The variable that allows them when it is "yes".
	Allow     string     `json:"allow"`
	Addresses []register `json:"addresses"`
	Stores    []store    `json:"stores"`
	// Set where the command is a supervisor.
	Supervisor *supervisor `json:"supervisor"`
}

type secret struct {
	Variable string   `json:"variable"`
	Known    []string `json:"known"`
}

type supervisor struct {
	Socket   string    `json:"socket"`
	Programs []program `json:"programs"`
	// A program that has run for so long is well again.
	ProvenSeconds int `json:"provenSeconds"`
	// One that has not been well for so long, and ends again, ends the container.
	GiveUpSeconds int `json:"giveUpSeconds"`
}

type program struct {
	Name string `json:"name"`
	// The port that answers when it is there; 0 for none.
	Port int `json:"port"`
}

func say(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "launch: "+format+"\n", values...)
}

func main() {
	if len(os.Args) < 2 {
		say("usage: launch PLAN.json [ARGUMENT…]")
		os.Exit(2)
	}
	text, err := os.ReadFile(os.Args[1])
	var made plan
	if err == nil {
		err = json.Unmarshal(text, &made)
	}
	if err != nil {
		say("%s cannot be read: %v", os.Args[1], err)
		os.Exit(2)
	}
	os.Exit(run(made, os.Args[2:]))
}

func run(made plan, arguments []string) int {
	command := append(slices.Clone(made.Command), arguments...)
	if asksOnly(arguments) {
		return (&child{command: command}).run()
	}
	if err := readFiles(made, os.Environ()); err != nil {
		say("%v", err)
		return 1
	}
	settings := readSettings(configFolder(made.Config, arguments), os.Getenv)
	if problems := publicSecrets(made, settings); len(problems) > 0 {
		for _, problem := range problems {
			say("%s", problem)
		}
		return 1
	}
	giveAddresses(made.Addresses, settings)
	watch := &storeWatch{stores: wantedStores(made.Stores, settings), ask: dial, say: say, pause: 2 * time.Second}
	go watch.run()

	if made.Supervisor == nil {
		one := &child{command: command}
		code := one.run()
		if code != 0 && !one.stopped.Load() {
			say("%s ended with exit code %d", made.Command[0], code)
			watch.report()
		}
		return code
	}
	made.Supervisor.Socket = socketOf(made.Supervisor.Socket, os.Getenv("PEBBLE"))
	return supervise(*made.Supervisor, command, watch)
}

// socketOf follows the supervisor to the folder that PEBBLE names: on a read-only root file system that is another one than the image's.
func socketOf(usual, folder string) string {
	if folder == "" {
		return usual
	}
	return filepath.Join(folder, filepath.Base(usual))
}

// asksOnly is true for a question to the program, which nothing may keep it from answering.
func asksOnly(arguments []string) bool {
	return slices.ContainsFunc(arguments, func(word string) bool {
		return word == "--help" || word == "-h" || word == "--version" || word == "help"
	})
}

func configFolder(usual string, arguments []string) string {
	for i, word := range arguments[:max(0, len(arguments)-1)] {
		if word == "-c" || word == "--config_folder_path" {
			return arguments[i+1]
		}
	}
	return usual
}

func publicSecrets(made plan, settings settings) []string {
	if made.Allow != "" && os.Getenv(made.Allow) == "yes" {
		return nil
	}
	var problems []string
	for _, secret := range made.Secrets {
		if value := settings.value(secret.Variable); slices.Contains(secret.Known, value) {
			problems = append(problems, fmt.Sprintf(
				"the secret in %s is %q, which everybody knows: whoever has it is an administrator. Set %s to a value that nobody can guess (openssl rand -hex 32), or %s=yes on a network that nobody else reaches",
				settings.origin(secret.Variable), value, secret.Variable, made.Allow))
		}
	}
	return problems
}
