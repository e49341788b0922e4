package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestMessagesAreThoseOfTheHost(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Time    int64  `json:"time"`
		Notice  notice `json:"notice"`
		Vectors []struct {
			Channel channel `json:"channel"`
			URL     string  `json:"url"`
			Body    any     `json:"body"`
		} `json:"vectors"`
	}
	if err := json.Unmarshal(text, &file); err != nil || len(file.Vectors) < 6 {
		t.Fatal(err, len(file.Vectors))
	}
	for _, vector := range file.Vectors {
		address, body, err := vector.Channel.post(file.Notice, time.UnixMilli(file.Time))
		if err != nil {
			t.Fatal(err)
		}
		var got any
		json.Unmarshal(body, &got)
		if address != vector.URL || !reflect.DeepEqual(got, vector.Body) {
			t.Errorf("%s: got %s\n%s", vector.Channel.Kind, address, body)
		}
	}
}

func TestCut(t *testing.T) {
	if got := cut("更新更新", 11); got != "更新…" {
		t.Errorf("got %s", got)
	}
	if got := cut("更新更新", 12); got != "更新更新" {
		t.Errorf("got %s", got)
	}
}

const alert = `{"status":"firing","groupLabels":{"alertname":"CrontaskCount"},"alerts":[
	{"status":"firing","labels":{"alertname":"CrontaskCount"},"annotations":{"summary":"no crontask runs"}},
	{"status":"resolved","labels":{"alertname":"CrontaskCount"},"annotations":{"summary":"two run"}}]}`

func TestAlertReachesItsChannelAlone(t *testing.T) {
	var got []string
	answer := `{"errcode":0}`
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		json.NewDecoder(r.Body).Decode(&body)
		got = append(got, fmt.Sprint(r.URL.Path, " ", body["state"], " ", body["title"], " ", body["lines"], " ", body["project"]))
		fmt.Fprint(w, answer)
	}))
	defer sink.Close()
	settings := map[string]string{"NOTIFY_WEBHOOK_URL": sink.URL + "/hook", "NOTIFY_WECOM_URL": sink.URL + "/wecom", "PROJECT": "im"}
	server := httptest.NewServer(handler(func(name string) string { return settings[name] }, time.Now))
	defer server.Close()
	post := func(kind, text string) int {
		answer, err := http.Post(server.URL+"/alerts/"+kind, "application/json", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode
	}
	if status := post("webhook", alert); status != 200 {
		t.Errorf("got %d", status)
	}
	expected := []string{"/hook firing CrontaskCount [no crontask runs resolved: two run] im"}
	if !reflect.DeepEqual(got, expected) {
		t.Errorf("got %q", got)
	}
	// One that is not set takes it: nothing is sent again.
	if status := post("dingtalk", alert); status != 200 || len(got) != 1 {
		t.Errorf("got %d, %q", status, got)
	}
	answer = `{"errcode":93000,"errmsg":"invalid webhook"}`
	if status := post("wecom", alert); status != http.StatusBadGateway {
		t.Errorf("got %d", status)
	}
	if status := post("webhook", "no json"); status != http.StatusBadRequest {
		t.Errorf("got %d", status)
	}
}

func TestAnswers(t *testing.T) {
	for _, test := range []struct{ kind, body, fault string }{
		{"dingtalk", `{"errcode":310000,"errmsg":"sign not match"}`, "it refused: 310000 sign not match"},
		{"feishu", `{"code":19021,"msg":"sign match fail"}`, "it refused: 19021 sign match fail"},
		{"feishu", `{"StatusCode":0}`, ""},
		{"wecom", "<html>", "its answer is not JSON: is the address right?"},
		{"webhook", "", ""},
	} {
		err := channel{Kind: test.kind}.fault(200, []byte(test.body))
		if (err == nil) != (test.fault == "") || err != nil && err.Error() != test.fault {
			t.Errorf("%s %s: %v", test.kind, test.body, err)
		}
	}
}

func TestPasswordNeedsTLS(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	said := make(chan string, 100)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go serveMail(connection, said)
		}
	}()
	mail := channel{Kind: "mail", URL: "smtp://" + listener.Addr().String(), from: "a@example.org", to: []string{"b@example.org"}}
	message := notice{State: "firing", Title: "Disk", Lines: []string{"full"}, Project: "im"}
	if err := mail.send(message, time.Now()); err != nil {
		t.Fatal(err)
	}
	close := len(said)
	var lines []string
	for range close {
		lines = append(lines, <-said)
	}
	text := strings.Join(lines, "\n")
	for _, part := range []string{"RCPT TO:<b@example.org>", "Subject: [im] FIRING: Disk", "ZnVsbAo="} {
		if !strings.Contains(text, part) {
			t.Errorf("%s is not in %s", part, text)
		}
	}
	mail.user, mail.Secret = "im", "sesame"
	if err := mail.send(message, time.Now()); err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("got %v", err)
	}
}

func serveMail(connection net.Conn, said chan string) {
	defer connection.Close()
	fmt.Fprint(connection, "220 mail\r\n")
	data := false
	buffer := ""
	chunk := make([]byte, 4096)
	for {
		count, err := connection.Read(chunk)
		if err != nil {
			return
		}
		buffer += string(chunk[:count])
		for {
			line, rest, found := strings.Cut(buffer, "\r\n")
			if !found {
				break
			}
			buffer = rest
			said <- line
			switch {
			case data && line != ".":
			case strings.HasPrefix(line, "EHLO"):
				fmt.Fprint(connection, "250-mail\r\n250 AUTH PLAIN\r\n")
			case line == "DATA":
				data = true
				fmt.Fprint(connection, "354 go on\r\n")
			default:
				data = false
				fmt.Fprint(connection, "250 fine\r\n")
			}
		}
	}
}

func TestKafkaLag(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "toRedis"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	address := cluster.ListenAddrs()[0]
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ConsumerGroup("redis"), kgo.ConsumeTopics("toRedis"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 5 {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "toRedis", Value: []byte("message")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	offsets := kadm.Offsets{}
	offsets.AddOffset("toRedis", 0, 2, -1)
	client.LeaveGroup()
	admin, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if err := kadm.NewClient(admin).CommitAllOffsets(t.Context(), "redis", offsets); err != nil {
		t.Fatal(err)
	}
	lines, err := kafkaLag(address)(t.Context())
	expected := []string{`kafka_consumer_lag{group="redis",topic="toRedis"} 3`}
	if err != nil || !reflect.DeepEqual(lines, expected) {
		t.Errorf("got %q, %v", lines, err)
	}
}

func TestMongoLines(t *testing.T) {
	got := mongoLines(bson.M{
		"connections":    bson.D{{Key: "current", Value: int32(7)}, {Key: "available", Value: int32(93)}},
		"opLatencies":    bson.M{"reads": bson.M{"latency": int64(5_000_000), "ops": int64(10)}},
		"globalLock":     bson.M{"currentQueue": bson.M{"readers": int32(2)}},
		"notInteresting": 1,
	})
	expected := []string{
		`mongodb_connections{state="available"} 93`,
		`mongodb_connections{state="current"} 7`,
		`mongodb_latency_microseconds_total{kind="reads"} 5000000`,
		`mongodb_operations_total{kind="reads"} 10`,
		`mongodb_waiting_for_lock{kind="readers"} 2`,
	}
	if !reflect.DeepEqual(got, expected) {
		t.Errorf("got %q", got)
	}
}

func TestCertificateAndWhatDoesNotAnswer(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	settings := map[string]string{"MONITOR_CERTIFICATE": server.Listener.Addr().String(), "MONITOR_MONGODB": "127.0.0.1:9"}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	text := collect(ctx, collectorsOf(func(name string) string { return settings[name] }))
	end := server.Certificate().NotAfter.Unix()
	for _, line := range []string{fmt.Sprintf("certificate_end_timestamp_seconds %d\n", end), "monitor_up{store=\"certificate\"} 1\n", "monitor_up{store=\"mongodb\"} 0\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is not in %s", line, text)
		}
	}
}
