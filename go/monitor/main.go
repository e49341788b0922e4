// What the monitoring image does itself, beside Prometheus and its exporters:
//
//	GET  /metrics        lag of the groups at Kafka, the state of MongoDB, and when the edge's certificate ends
//	POST /alerts/CHANNEL an alert of Alertmanager, passed on to mail, webhook, wecom, dingtalk or feishu
//
// From the environment: MONITOR_LISTEN, MONITOR_KAFKA (HOST:PORT), MONITOR_MONGODB (HOST:PORT), MONITOR_MONGODB_USERNAME and
// MONITOR_MONGODB_PASSWORD, or MONITOR_MONGODB_URI, MONITOR_CERTIFICATE (HOST:PORT), PROJECT, and NOTIFY_… as .env has them. A value
// may stand in a file that NAME_FILE names. What is empty is left out.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

const limit = 10 * time.Second

// setting is the value of a variable, or what its file holds.
func setting(name string) string {
	if file := os.Getenv(name + "_FILE"); file != "" {
		text, err := os.ReadFile(file)
		if err == nil {
			return strings.TrimSpace(string(text))
		}
	}
	return os.Getenv(name)
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("monitor: ")
	listen := os.Getenv("MONITOR_LISTEN")
	if listen == "" {
		listen = "127.0.0.1:9415"
	}
	log.Fatal(http.ListenAndServe(listen, handler(setting, time.Now)))
}

func handler(setting func(string) string, now func() time.Time) http.Handler {
	mux := http.NewServeMux()
	found := collectorsOf(setting)
	mux.HandleFunc("GET /metrics", func(answer http.ResponseWriter, request *http.Request) {
		ctx, cancel := context.WithTimeout(request.Context(), limit)
		defer cancel()
		fmt.Fprint(answer, collect(ctx, found))
	})
	mux.HandleFunc("POST /alerts/{channel}", func(answer http.ResponseWriter, request *http.Request) {
		var alerts alertGroup
		if err := json.NewDecoder(io.LimitReader(request.Body, 1<<20)).Decode(&alerts); err != nil {
			http.Error(answer, err.Error(), http.StatusBadRequest)
			return
		}
		project := setting("PROJECT")
		for _, one := range channelsOf(setting) {
			if one.Kind != request.PathValue("channel") {
				continue
			}
			// Alertmanager sends again what is answered with 5xx, to this channel alone.
			if err := one.send(noticeOf(alerts, project), now()); err != nil {
				log.Printf("%s did not take an alert: %v", one.Kind, err)
				http.Error(answer, "not taken", http.StatusBadGateway)
				return
			}
		}
	})
	return mux
}
