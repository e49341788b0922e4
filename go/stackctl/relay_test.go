package main

import (
	"io"
	"net"
	"path/filepath"
	"testing"
)

func TestRelay(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go relayFrom(listener, socket, io.Discard)

	ask := func() (string, error) {
		connection, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		io.WriteString(connection, "question")
		// The server answers when it has read all: the end of what is said must get through, and the answer come back after it.
		connection.(*net.TCPConn).CloseWrite()
		text, err := io.ReadAll(connection)
		return string(text), err
	}

	if text, _ := ask(); text != "" {
		t.Errorf("without a server: %q", text)
	}
	server, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		for {
			connection, err := server.Accept()
			if err != nil {
				return
			}
			text, _ := io.ReadAll(connection)
			io.WriteString(connection, "answer to "+string(text))
			connection.Close()
		}
	}()
	for range 2 {
		if text, err := ask(); text != "answer to question" {
			t.Errorf("got %q, %v", text, err)
		}
	}
}
