package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// A collector asks one store, and gives lines as Prometheus reads them.
type collector struct {
	name string
	ask  func(context.Context) ([]string, error)
}

func collectorsOf(setting func(string) string) []collector {
	var found []collector
	if seed := setting("MONITOR_KAFKA"); seed != "" {
		found = append(found, collector{"kafka", kafkaLag(seed)})
	}
	if uri := mongoAddress(setting); uri != nil {
		found = append(found, collector{"mongodb", mongoState(uri)})
	}
	if address := setting("MONITOR_CERTIFICATE"); address != "" {
		found = append(found, collector{"certificate", certificateEnd(address)})
	}
	return found
}

// collect asks all at the same time. One that does not answer is 0, and others are there all the same.
func collect(ctx context.Context, collectors []collector) string {
	answers := make([][]string, len(collectors))
	var all sync.WaitGroup
	for i, one := range collectors {
		all.Add(1)
		go func() {
			defer all.Done()
			lines, err := one.ask(ctx)
			up := 1
			if err != nil {
				log.Printf("%s: %v", one.name, err)
				up = 0
			}
			answers[i] = append(lines, fmt.Sprintf("monitor_up{store=%q} %d", one.name, up))
		}()
	}
	all.Wait()
	var text strings.Builder
	for _, lines := range answers {
		for _, line := range lines {
			text.WriteString(line + "\n")
		}
	}
	return text.String()
}

// kafkaLag is how many messages each group has not yet read.
func kafkaLag(seed string) func(context.Context) ([]string, error) {
	var admin *kadm.Client
	return func(ctx context.Context) ([]string, error) {
		if admin == nil {
			client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(seed, ",")...))
			if err != nil {
				return nil, err
			}
			admin = kadm.NewClient(client)
		}
		groups, err := admin.Lag(ctx)
		if err != nil {
			return nil, err
		}
		var lines []string
		for _, group := range groups.Sorted() {
			if err := group.Error(); err != nil {
				return lines, err
			}
			for _, topic := range group.Lag.TotalByTopic().Sorted() {
				lines = append(lines, fmt.Sprintf("kafka_consumer_lag{group=%q,topic=%q} %d", group.Group, topic.Topic, topic.Lag))
			}
		}
		return lines, nil
	}
}

func mongoAddress(setting func(string) string) *options.ClientOptions {
	own := options.Client().SetServerSelectionTimeout(limit / 2).SetMaxPoolSize(1)
	if uri := setting("MONITOR_MONGODB_URI"); uri != "" {
		return own.ApplyURI(uri)
	}
	host := setting("MONITOR_MONGODB")
	if host == "" {
		return nil
	}
	own.SetHosts([]string{host})
	if password := setting("MONITOR_MONGODB_PASSWORD"); password != "" {
		own.SetAuth(options.Credential{Username: setting("MONITOR_MONGODB_USERNAME"), Password: password, AuthSource: "admin"})
	}
	return own
}

func mongoState(address *options.ClientOptions) func(context.Context) ([]string, error) {
	var client *mongo.Client
	return func(ctx context.Context) ([]string, error) {
		var err error
		if client == nil {
			if client, err = mongo.Connect(address); err != nil {
				return nil, err
			}
		}
		if err := client.Ping(ctx, nil); err != nil {
			return nil, err
		}
		// A user of one database may not ask for this: then it is up, and that is all.
		var status bson.M
		if err := client.Database("admin").RunCommand(ctx, bson.D{{Key: "serverStatus", Value: 1}}).Decode(&status); err != nil {
			return nil, nil
		}
		return mongoLines(status), nil
	}
}

// mongoLines are the numbers of serverStatus that matter: connections, operations, their times, and who waits for a lock.
func mongoLines(status bson.M) []string {
	var lines []string
	add := func(name, label, value string, path ...string) {
		if found, ok := number(status, path...); ok {
			lines = append(lines, fmt.Sprintf("mongodb_%s{%s=%q} %s", name, label, value, strconv.FormatFloat(found, 'f', -1, 64)))
		}
	}
	for _, state := range []string{"current", "available"} {
		add("connections", "state", state, "connections", state)
	}
	for _, kind := range []string{"reads", "writes", "commands"} {
		add("latency_microseconds_total", "kind", kind, "opLatencies", kind, "latency")
		add("operations_total", "kind", kind, "opLatencies", kind, "ops")
	}
	for _, kind := range []string{"readers", "writers"} {
		add("waiting_for_lock", "kind", kind, "globalLock", "currentQueue", kind)
	}
	sort.Strings(lines)
	return lines
}

func number(value any, path ...string) (float64, bool) {
	for _, key := range path {
		switch document := value.(type) {
		case bson.M:
			value = document[key]
		case bson.D:
			value = nil
			for _, element := range document {
				if element.Key == key {
					value = element.Value
				}
			}
		default:
			return 0, false
		}
	}
	switch found := value.(type) {
	case int32:
		return float64(found), true
	case int64:
		return float64(found), true
	case float64:
		return found, true
	}
	return 0, false
}

// certificateEnd is when what the edge serves is no longer valid. Who signed it does not matter here.
func certificateEnd(address string) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: limit / 2}, Config: &tls.Config{InsecureSkipVerify: true}}
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			// Without TLS nothing listens there.
			return nil, err
		}
		defer connection.Close()
		chain := connection.(*tls.Conn).ConnectionState().PeerCertificates
		end := chain[0].NotAfter
		for _, one := range chain[1:] {
			if one.NotAfter.Before(end) {
				end = one.NotAfter
			}
		}
		return []string{fmt.Sprintf("certificate_end_timestamp_seconds %d", end.Round(time.Second).Unix())}, nil
	}
}
