package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"
)

// A store is a service that the programs need, by the variables that name its addresses: the first that is not empty counts.
type store struct {
	Name      string   `json:"name"`
	Variables []string `json:"variables"`
	// Where an address names none.
	Port string `json:"port"`
	// Values that these variables must have for the store to be needed.
	When map[string]string `json:"when"`
}

// An endpoint is one address of a store.
type endpoint struct {
	store    string
	variable string
	host     string
	err      error
	since    time.Time
}

func (e endpoint) String() string {
	return fmt.Sprintf("%s at %s (%s)", e.store, e.host, e.variable)
}

func wantedStores(stores []store, settings settings) []*endpoint {
	var all []*endpoint
	for _, one := range stores {
		needed := true
		for variable, value := range one.When {
			needed = needed && settings.value(variable) == value
		}
		for _, variable := range one.Variables {
			value := settings.value(variable)
			if !needed || value == "" {
				continue
			}
			for _, host := range hosts(value, one.Port) {
				all = append(all, &endpoint{store: one.Name, variable: variable, host: host})
			}
			break
		}
	}
	return all
}

// hosts are the HOST:PORT of an address or a list of them, with or without a scheme; never its user and password.
func hosts(text, port string) []string {
	if scheme, rest, found := strings.Cut(text, "://"); found && strings.HasPrefix(scheme, "mongodb") {
		rest = rest[:indexAny(rest, "/?")]
		rest = rest[strings.LastIndex(rest, "@")+1:]
		if scheme == "mongodb+srv" {
			return serviceHosts(rest)
		}
		text = rest
	}
	var all []string
	for _, part := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' }) {
		usual := port
		if strings.Contains(part, "://") {
			address, err := url.Parse(part)
			if err != nil || address.Host == "" {
				all = append(all, part[strings.LastIndex(part, "@")+1:])
				continue
			}
			part = address.Host
			if address.Scheme == "https" {
				usual = "443"
			} else if address.Scheme == "http" && port == "" {
				usual = "80"
			}
		}
		if _, _, err := net.SplitHostPort(part); err != nil && usual != "" {
			part = net.JoinHostPort(strings.Trim(part, "[]"), usual)
		}
		all = append(all, part)
	}
	return all
}

func indexAny(text, chars string) int {
	if i := strings.IndexAny(text, chars); i >= 0 {
		return i
	}
	return len(text)
}

// serviceHosts asks the name server, as a driver does.
func serviceHosts(name string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	_, records, err := net.DefaultResolver.LookupSRV(ctx, "mongodb", "tcp", name)
	if err != nil || len(records) == 0 {
		return []string{net.JoinHostPort(name, "27017")}
	}
	var all []string
	for _, record := range records {
		all = append(all, net.JoinHostPort(strings.TrimSuffix(record.Target, "."), fmt.Sprint(record.Port)))
	}
	return all
}

// How long one answer may take.
const limit = 3 * time.Second

func dial(host string) error {
	connection, err := net.DialTimeout("tcp", host, limit)
	if err == nil {
		return connection.Close()
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("no answer within %v", limit)
	}
	var name *net.DNSError
	if errors.As(err, &name) {
		return fmt.Errorf("its name is not known to %s", name.Server)
	}
	var reason *net.OpError
	if errors.As(err, &reason) {
		return reason.Err
	}
	return err
}

// A storeWatch asks all stores at the same time until each has answered once. It never keeps the programs from starting: they try
// again by themselves.
type storeWatch struct {
	stores []*endpoint
	ask    func(host string) error
	say    func(format string, values ...any)
	pause  time.Duration

	mutex sync.Mutex
}

// When a store that does not answer is named again.
const reminder = time.Minute

func (w *storeWatch) run() {
	var waiting sync.WaitGroup
	for _, one := range w.stores {
		waiting.Add(1)
		go func(one *endpoint) {
			defer waiting.Done()
			w.await(one)
		}(one)
	}
	waiting.Wait()
}

func (w *storeWatch) await(one *endpoint) {
	began := time.Now()
	var said time.Time
	for {
		err := w.ask(one.host)
		w.mutex.Lock()
		one.err = err
		w.mutex.Unlock()
		if err == nil {
			if !said.IsZero() {
				w.say("%s answers now, after %.0f s", one, time.Since(began).Seconds())
			}
			return
		}
		if time.Since(said) >= reminder {
			w.say("%s does not answer: %v. The programs go on trying; check this address and whether it runs", one, err)
			said = time.Now()
		}
		time.Sleep(w.pause)
	}
}

// report names what has not answered yet, or no longer does.
func (w *storeWatch) report() {
	for _, one := range w.stores {
		if err := w.ask(one.host); err != nil {
			w.say("%s does not answer: %v", one, err)
		}
	}
}
