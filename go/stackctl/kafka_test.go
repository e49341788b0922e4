package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

func TestReadAndGroups(t *testing.T) {
	address := kafkaForTest(t)
	write(t, address, "first", "second", "third")
	consumeOne(t, address)

	var out bytes.Buffer
	if err := printTopic(t.Context(), address, "chatter", &out); err != nil {
		t.Fatal(err)
	}
	var values []string
	for lines := json.NewDecoder(&out); lines.More(); {
		var found record
		if err := lines.Decode(&found); err != nil {
			t.Fatal(err)
		}
		values = append(values, string(found.Value))
		if found.Partition != 1 || found.Key != "key" || int(found.Offset) != len(values)-1 {
			t.Errorf("got %+v", found)
		}
	}
	if got := strings.Join(values, " "); got != "first second third" {
		t.Errorf("got %s", got)
	}

	out.Reset()
	if err := printGroups(t.Context(), address, &out); err != nil {
		t.Fatal(err)
	}
	expected := `[{"group":"readers","state":"Empty","members":0,"topics":{"chatter":{"0":{"committed":-1,"end":0},"1":{"committed":1,"end":3}}}}]`
	if got := strings.TrimSpace(out.String()); got != expected {
		t.Errorf("got %s", got)
	}

	if err := printTopic(t.Context(), address, "nosuch", &out); err == nil || !strings.Contains(err.Error(), "UNKNOWN_TOPIC") {
		t.Errorf("got %v", err)
	}
}

func write(t *testing.T, address string, values ...string) {
	client, err := kafkaClient(address, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, value := range values {
		message := &kgo.Record{Topic: "chatter", Partition: 1, Key: []byte("key"), Value: []byte(value)}
		if err := client.ProduceSync(t.Context(), message).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

func consumeOne(t *testing.T, address string) {
	client, err := kafkaClient(address, kgo.ConsumerGroup("readers"), kgo.ConsumeTopics("chatter"), kgo.DisableAutoCommit())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	found := client.PollRecords(t.Context(), 1)
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.CommitRecords(t.Context(), found.Records()...); err != nil {
		t.Fatal(err)
	}
}
