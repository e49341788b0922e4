package main

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// A register is where a program says under which address others reach it.
type register struct {
	Variable string `json:"variable"`
	// Where it listens. Who listens on one address only is not to be reached at another.
	Listen string `json:"listen"`
}

// giveAddresses sets what nobody has set: without it a program registers as ":PORT", and others then call themselves.
func giveAddresses(registers []register, settings settings) {
	var unset []register
	for _, one := range registers {
		if settings.value(one.Variable) == "" && listensEverywhere(settings.value(one.Listen)) {
			unset = append(unset, one)
		}
	}
	if len(unset) == 0 {
		return
	}
	address, err := ownAddress()
	if err != nil {
		say("this container has no address that others could reach: %v; its programs find each other, nobody else finds them", err)
		return
	}
	for _, one := range unset {
		os.Setenv(one.Variable, address)
	}
	say("this container registers its programs at %s; to register another address set %s", address, names(unset))
}

func names(registers []register) string {
	if len(registers) == 1 {
		return registers[0].Variable
	}
	return fmt.Sprintf("%s and %d more of this kind", registers[0].Variable, len(registers)-1)
}

func listensEverywhere(listen string) bool {
	if listen == "" {
		return true
	}
	address := net.ParseIP(listen)
	return address != nil && address.IsUnspecified()
}

// ownAddress is the one from which this container's packages leave: the kernel says so, and nothing is sent. A network without a way
// out has no such route; there the first address that is not a loopback counts.
func ownAddress() (string, error) {
	if connection, err := net.Dial("udp4", "192.0.2.1:9"); err == nil {
		defer connection.Close()
		return connection.LocalAddr().(*net.UDPAddr).IP.String(), nil
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	var other string
	for _, address := range addresses {
		block, ok := address.(*net.IPNet)
		if !ok || !block.IP.IsGlobalUnicast() {
			continue
		}
		if block.IP.To4() != nil {
			return block.IP.String(), nil
		}
		if other == "" {
			other = block.IP.String()
		}
	}
	if other == "" {
		return "", errors.New("it has no network")
	}
	return other, nil
}
