package clawgrpc

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const longestTokenFile = 64 * 1024

// Where the token of a connection comes from. It is read again for each call, so that a replaced one is taken up.
type token struct {
	// What names it to a person; never the token.
	origin string
	read   func() (string, error)
}

// The source by order: option (a file before a token), file of the environment, token of the environment, the admin-token in the
// state folder if it may be used and can be read. Nil if there is none.
func (options Options) token(mayUseAdmin bool) *token {
	if options.TokenFile != "" {
		return tokenOfFile(options.TokenFile, options.TokenFile)
	}
	if strings.TrimSpace(options.Token) != "" {
		return &token{"the option Token", func() (string, error) { return options.Token, nil }}
	}
	if file := options.of("", "CLAWGRPC_TOKEN_FILE"); file != "" {
		return tokenOfFile(fmt.Sprintf("CLAWGRPC_TOKEN_FILE (%s)", file), file)
	}
	if named := options.of("", "CLAWGRPC_TOKEN"); named != "" {
		return &token{"CLAWGRPC_TOKEN", func() (string, error) { return named, nil }}
	}
	if mayUseAdmin {
		path := filepath.Join(options.stateFolder(), "admin-token")
		if file, err := os.Open(path); err == nil {
			file.Close()
			return tokenOfFile(path, path)
		}
	}
	return nil
}

func tokenOfFile(origin, path string) *token {
	return &token{origin, func() (string, error) {
		file, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer file.Close()
		content, err := io.ReadAll(io.LimitReader(file, longestTokenFile))
		return string(content), err
	}}
}

// GetRequestMetadata shows the token with a call.
func (t *token) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	text, err := t.read()
	if err != nil {
		return nil, t.missing(err.Error())
	}
	text = strings.TrimSpace(text)
	unprintable := func(r rune) bool { return r <= ' ' || r > '~' }
	if text == "" || strings.IndexFunc(text, unprintable) >= 0 {
		return nil, t.missing("it is empty, or more than one line of ASCII")
	}
	return map[string]string{"authorization": "Bearer " + text}, nil
}

// RequireTransportSecurity is false, because what is not TLS is this machine: Connect sees to that.
func (t *token) RequireTransportSecurity() bool { return false }

func (t *token) missing(why string) error {
	return status.Errorf(codes.Unauthenticated, "there is no token to be had from %s: %s", t.origin, why)
}
