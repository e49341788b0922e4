// Command stackctl asks the services of the test stack by their own protocols, from containers that hold no clients of them.
//
//	stackctl probe [--within 60s] ADDRESS…    do they all answer?
//	stackctl healthy SERVICE COMMAND…         runs the command that says so; else what the service said last
//	stackctl relay :4000 /path/to/socket      TCP to a Unix socket
//	stackctl groups HOST:PORT                 Kafka's consumer groups as JSON
//	stackctl read HOST:PORT TOPIC             the records of a Kafka topic, a JSON line each
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

const usage = `usage:
  stackctl probe [--within 60s] ADDRESS…   ask each until all answer or the time is over; the default is to ask once
      http(s)://HOST…  redis://:PASSWORD@HOST:PORT  kafka://HOST:PORT  mongodb://HOST:PORT  tcp://HOST:PORT
  stackctl healthy SERVICE COMMAND…        run a command that asks this container's service; else show its log's end
  stackctl relay LISTEN SOCKET             pass TCP connections on to a Unix socket
  stackctl groups HOST:PORT                Kafka's consumer groups as JSON
  stackctl read HOST:PORT TOPIC            the records of a Kafka topic so far, a JSON line each`

// A call that cannot be meant, as against one that failed.
type misuse struct{ error }

func main() {
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	var wrong misuse
	switch {
	case errors.As(err, &wrong):
		fmt.Fprintf(os.Stderr, "stackctl: %v\n%s\n", err, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "stackctl:", err)
		os.Exit(1)
	}
}

func run(args []string, out, progress io.Writer) error {
	if len(args) == 0 {
		return misuse{errors.New("no command")}
	}
	command, args := args[0], args[1:]
	expect := func(count int, what string) error {
		if len(args) != count {
			return misuse{fmt.Errorf("%s needs %s", command, what)}
		}
		return nil
	}
	ctx := context.Background()
	switch command {
	case "probe":
		return runProbe(ctx, args, out, progress)
	case "healthy":
		if len(args) < 2 {
			return misuse{errors.New("healthy needs the name of a service and a command")}
		}
		return healthy(args[0], args[1:])
	case "relay":
		if err := expect(2, "an address to listen on and the path of a socket"); err != nil {
			return err
		}
		return relay(args[0], args[1], progress)
	case "groups":
		if err := expect(1, "Kafka's HOST:PORT"); err != nil {
			return err
		}
		return printGroups(ctx, args[0], out)
	case "read":
		if err := expect(2, "Kafka's HOST:PORT and the name of a topic"); err != nil {
			return err
		}
		return printTopic(ctx, args[0], args[1], out)
	case "help", "-h", "--help":
		_, err := fmt.Fprintln(out, usage)
		return err
	}
	return misuse{fmt.Errorf("unknown command %q", command)}
}

func runProbe(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("probe", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	within := flags.Duration("within", 0, "")
	if err := flags.Parse(args); err != nil {
		return misuse{err}
	}
	if flags.NArg() == 0 {
		return misuse{errors.New("probe needs an address")}
	}
	var targets []target
	for _, address := range flags.Args() {
		target, err := parseTarget(address)
		if err != nil {
			return misuse{err}
		}
		targets = append(targets, target)
	}
	return usualPace.probe(ctx, targets, *within, out, progress)
}
