// Package clawgrpc calls a ClawGrpc server: connections, completions in one line, errors as facts, and a status watch that
// survives restarts. Package clawgrpc/v1 has the generated clients and messages.
package clawgrpc

//go:generate ./generate.sh

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// Options say where the server is, how calls show who calls, and which server to trust. What is empty is taken from the
// environment.
type Options struct {
	// Endpoint is unix:PATH, http://HOST:PORT or https://HOST[:PORT]; else CLAWGRPC_ENDPOINT, else the socket in the state
	// folder.
	Endpoint string
	// TokenFile is a file with a token, else CLAWGRPC_TOKEN_FILE; it is read again for each call.
	TokenFile string
	// Token is the token itself, else CLAWGRPC_TOKEN; a token file counts before it.
	Token string
	// CAFile is a PEM file with the only CA certificates to trust, else CLAWGRPC_CA_FILE, else the system's.
	CAFile string
	// CertFile and KeyFile are PEM files with the client's certificate and its key, else CLAWGRPC_CERT_FILE and
	// CLAWGRPC_KEY_FILE; they are read for each connection.
	CertFile, KeyFile string
	// Getenv reads a variable of the environment; nil for os.Getenv.
	Getenv func(string) string
	// DialOptions are added to those that Connect sets.
	DialOptions []grpc.DialOption
}

// The variables and folders of the state folder, in the order in which the server looks for it.
var stateFolders = [][2]string{
	{"CLAWGRPC_STATE_DIR", ".clawgrpc"},
	{"OPENCLAW_STATE_DIR", ".openclaw"},
	{"CLAWDBOT_STATE_DIR", ".clawdbot"},
	{"MOLTBOT_STATE_DIR", ".moltbot"},
	{"MOLDBOT_STATE_DIR", ".moldbot"},
}

var httpEndpoint = regexp.MustCompile(`^(?:http://[^/?#@]+:\d+|https://[^/?#@]+)/?$`)

// ResolveEndpoint returns the endpoint to call: that of the options, else CLAWGRPC_ENDPOINT, else the socket in the state folder,
// which is CLAWGRPC_STATE_DIR or the variable of OpenClaw, Clawdbot or Moltbot, else the first of their default folders that
// exists, else ~/.clawgrpc.
func ResolveEndpoint(options Options) string {
	if endpoint := options.of(options.Endpoint, "CLAWGRPC_ENDPOINT"); endpoint != "" {
		return endpoint
	}
	return "unix:" + filepath.Join(options.stateFolder(), "clawgrpc.sock")
}

// Connect creates a connection for the clients of clawgrpc/v1, which connects with the first call. Errors of calls over it are of
// type *Error. It fails if the endpoint is none, if a token would go in the clear beyond this machine, or if a file of TLS cannot
// be used.
func Connect(options Options) (*grpc.ClientConn, error) {
	endpoint := ResolveEndpoint(options)
	network, address, host, secure, err := parse(endpoint)
	if err != nil {
		return nil, err
	}
	dial := []grpc.DialOption{
		// A dialer of its own keeps proxies out: they are for other hosts.
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}),
		// Messages may exceed 32 MB; gRPC's default limit for responses is 4 MB.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32), grpc.MaxCallSendMsgSize(math.MaxInt32)),
		// Detects a vanished peer within half a minute, during a silent watch too.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
		// By default, gRPC waits up to two minutes before it reconnects to a restarted server.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 20 * time.Second,
		}),
		grpc.WithChainUnaryInterceptor(factsOfUnary),
		grpc.WithChainStreamInterceptor(factsOfStream),
	}
	if secure {
		config, err := options.tls(host)
		if err != nil {
			return nil, err
		}
		dial = append(dial, grpc.WithTransportCredentials(credentials.NewTLS(config)))
	} else {
		dial = append(dial, grpc.WithInsecure(), grpc.WithAuthority("localhost"))
	}
	loopback := network == "tcp" && isLoopback(host)
	if token := options.token(loopback && !secure); token != nil {
		if network == "tcp" && !loopback && !secure {
			return nil, fmt.Errorf("refused to show the token of %s to %s: without TLS everybody on the way could read it; "+
				"call https://%s, or call without a token", token.origin, endpoint, address)
		}
		dial = append(dial, grpc.WithPerRPCCredentials(token))
	}
	return grpc.Dial("passthrough:///clawgrpc", append(dial, options.DialOptions...)...)
}

func parse(endpoint string) (network, address, host string, secure bool, err error) {
	if path := strings.TrimPrefix(endpoint, "unix:"); path != endpoint {
		// unix:///path is equivalent to unix:/path.
		if path = strings.TrimPrefix(path, "//"); path != "" {
			return "unix", path, "localhost", false, nil
		}
	} else if parsed, failed := url.Parse(endpoint); failed == nil && httpEndpoint.MatchString(endpoint) {
		port := parsed.Port()
		if port == "" {
			port = "443"
		}
		return "tcp", net.JoinHostPort(parsed.Hostname(), port), parsed.Hostname(), parsed.Scheme == "https", nil
	}
	return "", "", "", false, fmt.Errorf("endpoint %q is neither unix:PATH nor http://HOST:PORT nor https://HOST", endpoint)
}

func (options Options) tls(host string) (*tls.Config, error) {
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if file := options.of(options.CAFile, "CLAWGRPC_CA_FILE"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s cannot be used for TLS: there is no PEM certificate in it", file)
		}
	}
	certificate, key := options.of(options.CertFile, "CLAWGRPC_CERT_FILE"), options.of(options.KeyFile, "CLAWGRPC_KEY_FILE")
	if (certificate == "") != (key == "") {
		return nil, errors.New("a client certificate takes two files: name the certificate (CLAWGRPC_CERT_FILE) and its key " +
			"(CLAWGRPC_KEY_FILE)")
	}
	if certificate != "" {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(certificate, key)
			return &pair, err
		}
	}
	return config, nil
}

func (options Options) stateFolder() string {
	home := options.getenv("HOME")
	if home == "" {
		home, _ = os.UserHomeDir()
	}
	for _, state := range stateFolders {
		if named := options.getenv(state[0]); named == "~" || strings.HasPrefix(named, "~/") {
			return home + named[1:]
		} else if named != "" {
			return named
		}
	}
	for _, state := range stateFolders {
		folder := filepath.Join(home, state[1])
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			return folder
		}
	}
	return filepath.Join(home, stateFolders[0][1])
}

// The option, else the variable; empty if there is neither.
func (options Options) of(option, variable string) string {
	if option = strings.TrimSpace(option); option != "" {
		return option
	}
	return strings.TrimSpace(options.getenv(variable))
}

func (options Options) getenv(variable string) string {
	if options.Getenv != nil {
		return options.Getenv(variable)
	}
	return os.Getenv(variable)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
