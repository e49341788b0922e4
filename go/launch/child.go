package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// A child is the one process that this container is for.
type child struct {
	command []string
	// Gets each line of its standard output, which is passed on as it is; may be nil.
	line func(string)
	// True once somebody asked this container to end.
	stopped atomic.Bool
	process atomic.Pointer[os.Process]
}

// run gives back the child's exit code, and does what process 1 of a container has to: it passes signals on and clears away processes
// that were left behind.
func (c *child) run() int {
	path, err := exec.LookPath(c.command[0])
	if err != nil {
		say("%v", err)
		return 127
	}
	output := os.Stdout
	var done chan struct{}
	if c.line != nil {
		reader, writer, err := os.Pipe()
		if err != nil {
			say("%v", err)
			return 126
		}
		output = writer
		done = make(chan struct{})
		go func() {
			defer close(done)
			copyLines(reader, os.Stdout, c.line)
		}()
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
	// In a group of its own: a terminal would send it what is passed on as well.
	attributes := &os.ProcAttr{Files: []*os.File{os.Stdin, output, os.Stderr}, Env: os.Environ(), Sys: &syscall.SysProcAttr{Setpgid: true}}
	process, err := os.StartProcess(path, c.command, attributes)
	if err != nil {
		say("%v", err)
		return 126
	}
	c.process.Store(process)
	if c.line != nil {
		output.Close()
	}
	go func() {
		for one := range signals {
			if one == syscall.SIGTERM || one == syscall.SIGINT || one == syscall.SIGQUIT {
				c.stopped.Store(true)
			}
			process.Signal(one)
		}
	}()
	status := await(process.Pid)
	if done != nil {
		select {
		case <-done:
		case <-time.After(time.Second):
		}
	}
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// end asks the child to end.
func (c *child) end() {
	if process := c.process.Load(); process != nil {
		process.Signal(syscall.SIGTERM)
	}
}

func await(pid int) syscall.WaitStatus {
	for {
		var status syscall.WaitStatus
		ended, err := syscall.Wait4(-1, &status, 0, nil)
		if err == nil && ended == pid {
			return status
		}
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return status
		}
	}
}

// copyLines goes on when nobody takes the output any more: the child must not stand still for it.
func copyLines(from io.Reader, to io.Writer, line func(string)) {
	reader := bufio.NewReaderSize(from, 64<<10)
	for {
		part, err := reader.ReadSlice('\n')
		if len(part) > 0 {
			to.Write(part)
			line(string(part))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}
