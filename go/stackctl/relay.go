package main

import (
	"fmt"
	"io"
	"net"
)

// relay passes each connection on, byte for byte, until the process is ended.
func relay(listen, socket string, progress io.Writer) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	return relayFrom(listener, socket, progress)
}

func relayFrom(listener net.Listener, socket string, progress io.Writer) error {
	for {
		client, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			if err := pass(client.(*net.TCPConn), socket); err != nil {
				fmt.Fprintln(progress, "stackctl:", err)
			}
		}()
	}
}

func pass(client *net.TCPConn, socket string) error {
	defer client.Close()
	// A socket that is not there yet is the client's matter: it sees a connection that is closed at once, and asks again.
	connection, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	server := connection.(*net.UnixConn)
	defer server.Close()

	// Either side may have said all and still listen: only that direction is closed.
	answered := make(chan struct{})
	go func() {
		io.Copy(client, server)
		client.CloseWrite()
		close(answered)
	}()
	io.Copy(server, client)
	server.CloseWrite()
	<-answered
	return nil
}
