package logging

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/go-kratos/kratos/v2/log"
)

func TestOneLineOfJSON(t *testing.T) {
	var out bytes.Buffer
	helper := log.NewHelper(New(&out, "info", "service", "xredline"))
	helper.Debug("not this")
	helper.Warnw("msg", "slow query", "seconds", 0.3, "auth_token", "abc")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, &out)
	}
	for key, want := range map[string]any{"level": "WARN", "msg": "slow query", "service": "xredline", "seconds": 0.3, "auth_token": "hidden"} {
		if line[key] != want {
			t.Errorf("%s is %v, not %v", key, line[key], want)
		}
	}
	if _, ok := line["time"]; !ok {
		t.Error("a line has no time")
	}
}
