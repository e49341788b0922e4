package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"
)

var quickPace = pace{try: 300 * time.Millisecond, pause: time.Millisecond, report: time.Hour}

func TestProbe(t *testing.T) {
	redis := miniredis.RunT(t)
	redis.RequireAuth("secret")
	kafka := kafkaForTest(t)
	web := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, request *http.Request) {
		switch request.URL.Path {
		case "/moved":
			http.Redirect(out, request, "/", http.StatusFound)
		case "/broken":
			out.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(web.Close)
	silent := silentListener(t)
	closed := closedPort(t)

	for address, reason := range map[string]string{
		web.URL:                           "",
		web.URL + "/moved":                "302",
		web.URL + "/broken":               "503",
		"http://" + silent:                "no answer within 300ms",
		"http://" + closed:                "connection refused",
		"tcp://" + silent:                 "",
		"tcp://" + closed:                 "connection refused",
		"kafka://" + kafka:                "",
		"kafka://" + silent:               "no answer within 300ms",
		"kafka://" + closed:               "connection refused",
		"mongodb://" + closed:             "connection refused",
		"mongodb://" + silent:             "no answer within 300ms",
		"redis://:secret@" + redis.Addr(): "",
		"redis://:nosuch@" + redis.Addr(): "WRONGPASS",
		"redis://" + redis.Addr():         "NOAUTH",
		"redis://:secret@" + silent:       "no answer within 300ms",
		"redis://:secret@" + closed:       "connection refused",
	} {
		t.Run(address, func(t *testing.T) {
			question, err := parseTarget(address)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err = quickPace.probe(t.Context(), []target{question}, 0, &out, io.Discard)
			text := out.String()
			if strings.Contains(text, "secret") || strings.Contains(text, "nosuch") {
				t.Errorf("the password is shown: %s", text)
			}
			if reason == "" {
				if err != nil || text != "ok  "+question.name+"\n" {
					t.Errorf("got %q, %v", text, err)
				}
			} else if err == nil || !strings.HasPrefix(text, "bad "+question.name+": ") || !strings.Contains(text, reason) {
				t.Errorf("expected %q, got %q, %v", reason, text, err)
			}
		})
	}
}

func TestProbeAsksAgain(t *testing.T) {
	var asked atomic.Int32
	web := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			out.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(web.Close)
	question, err := parseTarget(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := quickPace.probe(t.Context(), []target{question}, time.Minute, &out, io.Discard); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if asked.Load() != 3 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestProbeTellsWhatItWaitsFor(t *testing.T) {
	release := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(web.Close)
	question, err := parseTarget(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		pace := pace{try: time.Minute, pause: time.Millisecond, report: 10 * time.Millisecond}
		done <- pace.probe(t.Context(), []target{question}, time.Minute, io.Discard, writer)
		writer.Close()
	}()
	line := make([]byte, 200)
	count, _ := reader.Read(line)
	close(release)
	go io.Copy(io.Discard, reader)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if text := string(line[:count]); !strings.Contains(text, "still waiting for "+web.URL+": no answer yet") {
		t.Errorf("got %q", text)
	}
}

func TestParseTarget(t *testing.T) {
	for text, expected := range map[string]string{
		"redis://:secret@redis:6379":     "redis://redis:6379",
		"https://user:secret@host/path":  "https://host/path",
		"mongodb://u:secret@mongo:27017": "mongodb://mongo:27017",
		"kafka://kafka":                  `"kafka://kafka": expected kafka://HOST:PORT`,
		"tcp://:80":                      `"tcp://:80": expected tcp://HOST:PORT`,
		"ftp://:secret@host":             `"host": expected an address that starts with one of http, https, kafka, mongodb, redis, tcp`,
		"redis:6379":                     `"redis:6379": expected`,
		"redis://:secret@redis:port":     `"redis:port" is not an address`,
	} {
		question, err := parseTarget(text)
		shown := question.name
		if err != nil {
			shown = err.Error()
		}
		if strings.Contains(shown, "secret") || !strings.HasPrefix(shown, expected) {
			t.Errorf("%s: got %q", text, shown)
		}
	}
}

// A listener that takes connections, by its backlog, and never says a word.
func silentListener(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

func closedPort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func kafkaForTest(t *testing.T) string {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "chatter"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster.ListenAddrs()[0]
}
