package main

import (
	"net"
	"os"
	"testing"
)

func TestAddressIsGivenWhereNobodySetsOne(t *testing.T) {
	own, err := ownAddress()
	if err != nil {
		t.Skip("this machine has no network:", err)
	}
	if address := net.ParseIP(own); address == nil || address.IsLoopback() || address.IsUnspecified() {
		t.Errorf("got %s", own)
	}
	path := folder(t, map[string]string{
		"unset.yml": "ip:\nlisten: 0.0.0.0\n",
		"set.yml":   "ip: 10.9.8.7\nlisten: 0.0.0.0\n",
		"local.yml": "ip: ''\nlisten: 127.0.0.1\n",
		"six.yml":   "ip: ''\nlisten: '::'\n",
		"none.yml":  "other: 1\n",
	})
	t.Setenv("LT_CALLER_IP", "10.1.1.1")
	var all []register
	for _, name := range []string{"UNSET", "SET", "LOCAL", "SIX", "NONE", "CALLER"} {
		all = append(all, register{"LT_" + name + "_IP", "LT_" + name + "_LISTEN"})
		if name != "CALLER" {
			t.Setenv("LT_"+name+"_IP", "")
		}
	}
	giveAddresses(all, readSettings(path, os.Getenv))
	for name, expected := range map[string]string{"UNSET": own, "SIX": own, "NONE": own, "SET": "", "LOCAL": "", "CALLER": "10.1.1.1"} {
		if value := os.Getenv("LT_" + name + "_IP"); value != expected {
			t.Errorf("%s: got %q, expected %q", name, value, expected)
		}
	}
}
