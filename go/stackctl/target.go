package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/twmb/franz-go/pkg/kadm"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// A target is a service and the question that shows that it works. Its name is the address without user and password.
type target struct {
	name string
	ask  func(context.Context) error
}

var schemes = map[string]func(*url.URL) func(context.Context) error{
	"http":    askHTTP,
	"https":   askHTTP,
	"redis":   askRedis,
	"kafka":   askKafka,
	"mongodb": askMongo,
	"tcp":     askTCP,
}

func parseTarget(text string) (target, error) {
	address, err := url.Parse(text)
	if err != nil {
		// The parser's own message repeats the text, with the password in it.
		return target{}, fmt.Errorf("%q is not an address", afterPassword(text))
	}
	question, known := schemes[address.Scheme]
	if !known {
		names := make([]string, 0, len(schemes))
		for scheme := range schemes {
			names = append(names, scheme)
		}
		slices.Sort(names)
		return target{}, fmt.Errorf("%q: expected an address that starts with one of %s, followed by ://", afterPassword(text), strings.Join(names, ", "))
	}
	if address.Hostname() == "" || (address.Port() == "" && !strings.HasPrefix(address.Scheme, "http")) {
		return target{}, fmt.Errorf("%q: expected %s://HOST:PORT", afterPassword(text), address.Scheme)
	}
	shown := *address
	shown.User = nil
	return target{shown.String(), question(address)}, nil
}

func afterPassword(text string) string {
	return text[strings.LastIndex(text, "@")+1:]
}

func askHTTP(address *url.URL) func(context.Context) error {
	client := &http.Client{
		// No proxy: these are services of the same network. No connection is kept: each try shall show that one can be made.
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		var failed *url.Error
		if errors.As(err, &failed) {
			return failed.Err
		}
		if err != nil {
			return err
		}
		response.Body.Close()
		if response.StatusCode/100 != 2 {
			return fmt.Errorf("status %s", response.Status)
		}
		return nil
	}
}

func askTCP(address *url.URL) func(context.Context) error {
	return func(ctx context.Context) error {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", address.Host)
		if err != nil {
			return err
		}
		return connection.Close()
	}
}

// The client also reports on its own what it then returns as an error.
type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

func init() { redis.SetLogger(silence{}) }

func askRedis(address *url.URL) func(context.Context) error {
	password, _ := address.User.Password()
	return func(ctx context.Context) error {
		client := redis.NewClient(&redis.Options{
			Addr:     address.Host,
			Username: address.User.Username(),
			Password: password,
			// Nothing but AUTH and PING, and no tries of its own.
			Protocol:                 2,
			DisableIdentity:          true,
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
			MaxRetries:               -1,
			DialerRetries:            1,
			ContextTimeoutEnabled:    true,
		})
		defer client.Close()
		return client.Ping(ctx).Err()
	}
}

func askKafka(address *url.URL) func(context.Context) error {
	return func(ctx context.Context) error {
		client, err := kafkaClient(address.Host, onceOnly)
		if err != nil {
			return err
		}
		defer client.Close()
		metadata, err := kadm.NewClient(client).Metadata(ctx)
		if err != nil {
			return err
		}
		if len(metadata.Brokers) == 0 {
			return errors.New("it knows of no broker yet")
		}
		return nil
	}
}

func askMongo(address *url.URL) func(context.Context) error {
	reachable := askTCP(address)
	return func(ctx context.Context) error {
		// The driver goes on trying by itself and then tells of its time limit only.
		if err := reachable(ctx); err != nil {
			return err
		}
		client, err := mongo.Connect(options.Client().ApplyURI(address.String()).SetDirect(true))
		if err != nil {
			return errors.New("this address is none that MongoDB's driver takes")
		}
		// Without this context, which may be over, the driver would wait for its connections.
		defer client.Disconnect(ctx)
		return client.Ping(ctx, nil)
	}
}
