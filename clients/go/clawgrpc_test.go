package clawgrpc

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestEndpointIsFoundByOrder(t *testing.T) {
	home := t.TempDir()
	for _, each := range []struct {
		options Options
		want    string
	}{
		{Options{Endpoint: "http://localhost:1", Getenv: environment("CLAWGRPC_ENDPOINT", "unix:/x")}, "http://localhost:1"},
		{Options{Getenv: environment("CLAWGRPC_ENDPOINT", "unix:/x", "CLAWGRPC_STATE_DIR", "/s")}, "unix:/x"},
		{Options{Getenv: environment("OPENCLAW_STATE_DIR", "/o", "CLAWGRPC_STATE_DIR", "/s")}, "unix:/s/clawgrpc.sock"},
		{Options{Getenv: environment("CLAWGRPC_STATE_DIR", "~/s", "HOME", home)}, "unix:" + home + "/s/clawgrpc.sock"},
		{Options{Getenv: environment("HOME", home)}, "unix:" + home + "/.clawgrpc/clawgrpc.sock"},
	} {
		if got := ResolveEndpoint(each.options); got != each.want {
			t.Errorf("%s and not %s", got, each.want)
		}
	}
	if err := os.Mkdir(filepath.Join(home, ".openclaw"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := ResolveEndpoint(Options{Getenv: environment("HOME", home)}); got != "unix:"+home+"/.openclaw/clawgrpc.sock" {
		t.Error(got)
	}
}

func TestWhatIsNoEndpointIsRefused(t *testing.T) {
	for _, endpoint := range []string{"unix:", "127.0.0.1:1", "http://host", "ftp://host:1", "https://host/path", "https://u@host"} {
		if _, err := Connect(Options{Endpoint: endpoint, Getenv: environment()}); err == nil {
			t.Error(endpoint)
		}
	}
}

func TestTokenIsNotShownInTheClearBeyondThisMachine(t *testing.T) {
	getenv := environment("CLAWGRPC_TOKEN", "claw_FAKE")
	_, err := Connect(Options{Endpoint: "http://claw.example:1", Getenv: getenv})
	if err == nil || !strings.HasPrefix(err.Error(), "refused to show the token of CLAWGRPC_TOKEN to http://claw.example:1:") {
		t.Error(err)
	}
	for _, endpoint := range []string{"http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1", "https://claw.example", "unix:/x"} {
		conn, err := Connect(Options{Endpoint: endpoint, Getenv: getenv})
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
}

func TestTokenOfAFileIsReadForEachCall(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	options := Options{TokenFile: file, Token: "other", Getenv: environment("CLAWGRPC_TOKEN", "another")}
	for content, want := range map[string]string{"first\n": "Bearer first", " second\r\n": "Bearer second", "\n": "", "a\nb": "", "ü": ""} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		metadata, err := options.token(false).GetRequestMetadata(context.Background())
		if metadata["authorization"] != want || (err == nil) != (want != "") {
			t.Errorf("%q: %v, %v", content, metadata, err)
		}
		if err != nil && (status.Code(err) != codes.Unauthenticated || !strings.Contains(err.Error(), file)) {
			t.Error(err)
		}
	}
}

func TestDelayDoublesToFiveSecondsMinusJitter(t *testing.T) {
	for failures, want := range map[int]float64{1: 0.1, 2: 0.2, 3: 0.4, 6: 3.2, 7: 5, 10_000: 5} {
		if got := backOff(failures, 0); got.Round(time.Millisecond) != time.Duration(want*1000)*time.Millisecond {
			t.Errorf("%d: %s", failures, got)
		}
		if got := backOff(failures, 1); got.Round(time.Millisecond) != time.Duration(want*500)*time.Millisecond {
			t.Errorf("%d: %s", failures, got)
		}
	}
}

func TestOnlyUnavailableOrABrokenConnectionIsTransient(t *testing.T) {
	for _, each := range []struct {
		code   codes.Code
		reason string
		want   bool
	}{
		{codes.Unavailable, "STOPPING", true}, {codes.Unavailable, "", true}, {codes.Internal, "", true},
		{codes.Internal, "INTERNAL", false}, {codes.NotFound, "AGENT_NOT_FOUND", false}, {codes.Unimplemented, "", false},
	} {
		if got := isTransient(&Error{Code: each.code, Reason: each.reason}); got != each.want {
			t.Errorf("%s %s: %t", each.code, each.reason, got)
		}
	}
}
