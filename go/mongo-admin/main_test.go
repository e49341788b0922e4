package main

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestWantedUsers(t *testing.T) {
	root := user{"admin", "root", "secret", "root"}
	files := map[string]string{"/run/secrets/root": "secret\n"}
	read := func(path string) ([]byte, error) {
		if text, ok := files[path]; ok {
			return []byte(text), nil
		}
		return nil, errors.New("no such file")
	}
	for name, test := range map[string]struct {
		env   map[string]string
		users []user
		fails string
	}{
		"the administrator alone": {
			env:   map[string]string{"MONGO_INITDB_ROOT_USERNAME": "root", "MONGO_INITDB_ROOT_PASSWORD": "secret"},
			users: []user{root},
		},
		"a password from a file": {
			env:   map[string]string{"MONGO_INITDB_ROOT_USERNAME": "root", "MONGO_INITDB_ROOT_PASSWORD_FILE": "/run/secrets/root"},
			users: []user{root},
		},
		"OpenIM's user too": {
			env: map[string]string{
				"MONGO_INITDB_ROOT_USERNAME": "root", "MONGO_INITDB_ROOT_PASSWORD": "secret", "MONGO_INITDB_DATABASE": "openim_v3",
				"MONGO_OPENIM_USERNAME": "openIM", "MONGO_OPENIM_PASSWORD": "word",
			},
			users: []user{root, {"openim_v3", "openIM", "word", "readWrite"}},
		},
		"a database without a user of its own": {
			env:   map[string]string{"MONGO_INITDB_ROOT_USERNAME": "root", "MONGO_INITDB_ROOT_PASSWORD": "secret", "MONGO_INITDB_DATABASE": "openim_v3"},
			users: []user{root},
		},
		"no password": {
			env:   map[string]string{"MONGO_INITDB_ROOT_USERNAME": "root"},
			fails: "MONGO_INITDB_ROOT_PASSWORD",
		},
		"a user without a database": {
			env: map[string]string{
				"MONGO_INITDB_ROOT_USERNAME": "root", "MONGO_INITDB_ROOT_PASSWORD": "secret",
				"MONGO_OPENIM_USERNAME": "openIM", "MONGO_OPENIM_PASSWORD": "word",
			},
			fails: "set MONGO_INITDB_DATABASE",
		},
		"a file that is not there": {
			env:   map[string]string{"MONGO_INITDB_ROOT_USERNAME": "root", "MONGO_INITDB_ROOT_PASSWORD_FILE": "/none"},
			fails: "MONGO_INITDB_ROOT_PASSWORD_FILE cannot be read",
		},
	} {
		t.Run(name, func(t *testing.T) {
			users, err := wantedUsers(func(name string) string { return test.env[name] }, read)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Fatalf("expected a failure with %q, got %v", test.fails, err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(users, test.users) {
				t.Fatalf("got %v, %v", users, err)
			}
		})
	}
}

func TestChangeOf(t *testing.T) {
	root := user{"admin", "root", "secret", "root"}
	openim := user{"openim_v3", "openIM", "word", "readWrite"}
	for name, test := range map[string]struct {
		users  []user
		whose  string
		change change
		fails  string
	}{
		"the administrator logs in with the old one": {
			[]user{root, openim}, "root",
			change{user{"admin", "root", "old", "root"}, user{"admin", "root", "new", "root"}}, "",
		},
		"OpenIM's user gets one from the administrator": {
			[]user{root, openim}, "user",
			change{root, user{"openim_v3", "openIM", "new", "readWrite"}}, "",
		},
		"without OpenIM's user": {[]user{root}, "user", change{}, "set MONGO_OPENIM_USERNAME"},
		"another one":           {[]user{root, openim}, "admin", change{}, "expected root or user"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := changeOf(test.users, test.whose, "old", "new")
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Fatalf("expected a failure with %q, got %v", test.fails, err)
				}
				return
			}
			if err != nil || found != test.change {
				t.Fatalf("got %v, %v", found, err)
			}
		})
	}
}

func TestLines(t *testing.T) {
	if before, after, err := lines(strings.NewReader("old $ word\nnew \"word\"\n")); err != nil || before != "old $ word" || after != `new "word"` {
		t.Fatalf("got %q, %q, %v", before, after, err)
	}
	for _, text := range []string{"", "old\n", "old\n\n"} {
		if _, _, err := lines(strings.NewReader(text)); err == nil {
			t.Fatalf("%q was taken", text)
		}
	}
}
