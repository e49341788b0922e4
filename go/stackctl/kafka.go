package main

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// How long a question to Kafka may take, tries again included: a coordinator may just be moving.
const kafkaLimit = 15 * time.Second

// For a question that is asked again by whoever asks.
var onceOnly = kgo.RequestRetries(0)

func kafkaClient(address string, more ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(address), kgo.ClientID("stackctl")}, more...)...)
}
