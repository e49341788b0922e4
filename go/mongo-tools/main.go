// Command mongo-tools is mongodump and mongorestore of MongoDB's makers as one program. Usage:
//
//	mongo-tools dump OPTIONS      as mongodump OPTIONS
//	mongo-tools restore OPTIONS   as mongorestore OPTIONS
package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/mongodb/mongo-tools/common/log"
	"github.com/mongodb/mongo-tools/common/progress"
	"github.com/mongodb/mongo-tools/common/signals"
	"github.com/mongodb/mongo-tools/mongodump"
	"github.com/mongodb/mongo-tools/mongorestore"
)

// The version of the module in go.mod, as its makers call it.
const (
	version = "100.11.0"
	commit  = "b8a566a7f38f"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mongo-tools:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("expected dump or restore")
	}
	switch args[0] {
	case "dump":
		return dump(args[1:])
	case "restore":
		return restore(args[1:])
	case "--version":
		fmt.Println("mongo-tools", version)
		return nil
	}
	return fmt.Errorf("unknown command %q: expected dump or restore", args[0])
}

func dump(args []string) error {
	opts, err := mongodump.ParseOptions(args, version, commit)
	if err != nil {
		return err
	}
	if opts.PrintHelp(false) || opts.PrintVersion() {
		return nil
	}
	log.SetVerbosity(opts.Verbosity)
	opts.URI.LogUnsupportedOptions()
	bar := progress.NewBarWriter(log.Writer(0), 3*time.Second, 24, false)
	bar.Start()
	defer bar.Stop()
	job := mongodump.MongoDump{
		ToolOptions:     opts.ToolOptions,
		OutputOptions:   opts.OutputOptions,
		InputOptions:    opts.InputOptions,
		ProgressManager: bar,
	}
	defer close(signals.HandleWithInterrupt(job.HandleInterrupt))
	if err := job.Init(); err != nil {
		return err
	}
	return job.Dump()
}

func restore(args []string) error {
	opts, err := mongorestore.ParseOptions(args, version, commit)
	if err != nil {
		return err
	}
	if opts.PrintHelp(false) || opts.PrintVersion() {
		return nil
	}
	job, err := mongorestore.New(opts)
	if err != nil {
		return err
	}
	defer job.Close()
	defer close(signals.HandleWithInterrupt(job.HandleInterrupt))
	result := job.Restore()
	log.Logvf(log.Always, "%v documents restored, %v failed", result.Successes, result.Failures)
	if result.Err != nil {
		return result.Err
	}
	if result.Failures > 0 {
		return fmt.Errorf("%v documents could not be restored", result.Failures)
	}
	return nil
}
