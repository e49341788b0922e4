package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/smtp"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A notice is what openimctl sends after a change, and this program for an alert: src/plan/deploy/notify.ts makes the same messages.
type notice struct {
	State   string   `json:"state"`
	Title   string   `json:"title"`
	Lines   []string `json:"lines"`
	Project string   `json:"project"`
}

// As much of what Alertmanager posts as is passed on.
type alertGroup struct {
	Status string `json:"status"`
	Alerts []struct {
		Status      string            `json:"status"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"alerts"`
	GroupLabels map[string]string `json:"groupLabels"`
}

func noticeOf(group alertGroup, project string) notice {
	made := notice{State: group.Status, Title: group.GroupLabels["alertname"], Lines: []string{}, Project: project}
	for _, alert := range group.Alerts {
		if made.Title == "" {
			made.Title = alert.Labels["alertname"]
		}
		line := alert.Annotations["summary"]
		if line == "" {
			line = alert.Labels["alertname"]
		}
		if alert.Status != group.Status {
			line = alert.Status + ": " + line
		}
		made.Lines = append(made.Lines, line)
	}
	return made
}

type channel struct {
	Kind   string `json:"kind"`
	URL    string `json:"url"`
	Secret string `json:"secret"`
	// Of mail: URL is its server.
	user, from string
	to         []string
}

func channelsOf(setting func(string) string) []channel {
	var found []channel
	if to := setting("NOTIFY_MAIL_TO"); to != "" {
		addresses := strings.Split(to, ",")
		from := setting("NOTIFY_MAIL_FROM")
		if from == "" {
			from = addresses[0]
		}
		found = append(found, channel{
			Kind: "mail", URL: setting("NOTIFY_SMTP_URL"), Secret: setting("NOTIFY_SMTP_PASSWORD"),
			user: setting("NOTIFY_SMTP_USER"), from: from, to: addresses,
		})
	}
	for _, kind := range []string{"webhook", "wecom", "dingtalk", "feishu"} {
		name := "NOTIFY_" + strings.ToUpper(kind)
		if address := setting(name + "_URL"); address != "" {
			found = append(found, channel{Kind: kind, URL: address, Secret: setting(name + "_SECRET")})
		}
	}
	return found
}

func (one channel) send(message notice, at time.Time) error {
	if message.State == "resolved" && setting("NOTIFY_WHEN") == "failed" {
		return nil
	}
	if one.Kind == "mail" {
		return one.mail(message, at)
	}
	address, body, err := one.post(message, at)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: limit, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Post(address, "application/json", bytes.NewReader(body))
	if err != nil {
		// Without the address, which may have a token.
		var odd *url.Error
		if errors.As(err, &odd) {
			return odd.Err
		}
		return err
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	return one.fault(answer.StatusCode, text)
}

func headline(message notice) string {
	return fmt.Sprintf("[%s] %s: %s", message.Project, strings.ToUpper(message.State), message.Title)
}

func (one channel) post(message notice, at time.Time) (string, []byte, error) {
	markdown := strings.Join(append([]string{"**" + headline(message) + "**"}, message.Lines...), "\n\n")
	var body any
	address := one.URL
	switch one.Kind {
	case "webhook":
		body = struct {
			notice
			Time string `json:"time"`
		}{message, at.UTC().Format("2006-01-02T15:04:05.000Z")}
	case "wecom":
		body = map[string]any{"msgtype": "markdown", "markdown": map[string]string{"content": cut(markdown, 4000)}}
	case "dingtalk":
		body = map[string]any{"msgtype": "markdown", "markdown": map[string]string{"title": headline(message), "text": cut(markdown, 16_000)}}
		if one.Secret != "" {
			time := strconv.FormatInt(at.UnixMilli(), 10)
			separator := "?"
			if strings.Contains(address, "?") {
				separator = "&"
			}
			address += separator + "timestamp=" + time + "&sign=" + url.QueryEscape(sum(one.Secret, time+"\n"+one.Secret))
		}
	case "feishu":
		text := strings.Join(append([]string{headline(message)}, message.Lines...), "\n")
		fields := map[string]any{"msg_type": "text", "content": map[string]string{"text": cut(text, 16_000)}}
		if one.Secret != "" {
			time := strconv.FormatInt(at.Unix(), 10)
			fields["timestamp"] = time
			fields["sign"] = sum(time+"\n"+one.Secret, "")
		}
		body = fields
	default:
		return "", nil, fmt.Errorf("unknown channel %s", one.Kind)
	}
	encoded, err := json.Marshal(body)
	return address, encoded, err
}

func sum(key, text string) string {
	made := hmac.New(sha256.New, []byte(key))
	made.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(made.Sum(nil))
}

// cut is as much of a text as fits into so many bytes, without half a character.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	end := size - 3
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// fault is what is wrong with an answer: these services answer 200 to what they refuse, with a code in the body.
func (one channel) fault(status int, body []byte) error {
	if status < 200 || status > 299 {
		return fmt.Errorf("it answered %d", status)
	}
	if one.Kind == "webhook" {
		return nil
	}
	var answer struct {
		ErrCode    *int   `json:"errcode"`
		Code       *int   `json:"code"`
		StatusCode *int   `json:"StatusCode"`
		ErrMsg     string `json:"errmsg"`
		Msg        string `json:"msg"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return errors.New("its answer is not JSON: is the address right?")
	}
	for _, code := range []*int{answer.ErrCode, answer.Code, answer.StatusCode} {
		if code == nil {
			continue
		}
		if *code == 0 {
			return nil
		}
		return fmt.Errorf("it refused: %d %s%s", *code, answer.ErrMsg, answer.Msg)
	}
	return errors.New("it refused without a code")
}

// mail: with STARTTLS where the server offers it; a password never goes without TLS.
func (one channel) mail(message notice, at time.Time) error {
	server, err := url.Parse(one.URL)
	if err != nil || server.Hostname() == "" {
		return errors.New("NOTIFY_SMTP_URL is not smtp://HOST:PORT or smtps://HOST:PORT")
	}
	secure := server.Scheme == "smtps"
	port := server.Port()
	if port == "" {
		port = map[bool]string{true: "465", false: "587"}[secure]
	}
	connection, err := net.DialTimeout("tcp", net.JoinHostPort(server.Hostname(), port), limit)
	if err != nil {
		return err
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(2 * limit))
	config := &tls.Config{ServerName: server.Hostname()}
	if secure {
		connection = tls.Client(connection, config)
	}
	client, err := smtp.NewClient(connection, server.Hostname())
	if err != nil {
		return err
	}
	if offered, _ := client.Extension("STARTTLS"); offered && !secure {
		if err := client.StartTLS(config); err != nil {
			return err
		}
	} else if !secure && one.Secret != "" {
		return errors.New("the server does not offer STARTTLS, so the password is not sent")
	}
	if one.user != "" {
		if err := client.Auth(smtp.PlainAuth("", one.user, one.Secret, server.Hostname())); err != nil {
			return err
		}
	}
	if err := client.Mail(one.from); err != nil {
		return err
	}
	for _, address := range one.to {
		if err := client.Rcpt(address); err != nil {
			return err
		}
	}
	writer, err := client.Data()
	if err != nil {
		return err
	}
	fmt.Fprintf(writer, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n",
		one.from, strings.Join(one.to, ", "), mime.QEncoding.Encode("utf-8", headline(message)), at.Format(time.RFC1123Z),
		wrapped(base64.StdEncoding.EncodeToString([]byte(strings.Join(message.Lines, "\n")+"\n"))))
	if err := writer.Close(); err != nil {
		return err
	}
	// It is taken: how the server says goodbye does not matter.
	client.Quit()
	return nil
}

func wrapped(text string) string {
	var lines []string
	for len(text) > 76 {
		lines = append(lines, text[:76])
		text = text[76:]
	}
	return strings.Join(append(lines, text), "\r\n")
}
