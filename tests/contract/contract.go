// The contract in Go. Prints a line for each case; what it needs done meanwhile it asks the driver for.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"clawgrpc"
	v1 "clawgrpc/v1"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

const limit = time.Minute

var (
	url, ca       = os.Getenv("CONTRACT_URL"), os.Getenv("CONTRACT_CA")
	otherCA, file = os.Getenv("CONTRACT_OTHER_CA"), os.Getenv("CONTRACT_TOKEN_FILE")
	ctx           = context.Background()
	answers       = bufio.NewScanner(os.Stdin)
	conn          = connect(clawgrpc.Options{})
)

func main() {
	for _, each := range []struct {
		name string
		run  func()
	}{
		{"unary", unary}, {"stream", stream}, {"cancel", cancel}, {"deadline", deadline}, {"error", facts}, {"receipt", receipt},
		{"watch", watch}, {"large", large}, {"socket", socket}, {"tls", tls}, {"token", token},
	} {
		func() {
			defer func() {
				if problem := recover(); problem != nil {
					fmt.Printf("fail %s: %s\n", each.name, strings.ReplaceAll(fmt.Sprint(problem), "\n", " "))
				} else {
					fmt.Println("ok", each.name)
				}
			}()
			each.run()
		}()
	}
}

func unary() {
	answer, err := clawgrpc.Complete(ctx, conn, "Say hello.")
	must(err)
	holds(strings.HasPrefix(answer.Text(), "You said “Say hello.”"), answer)
	holds(answer.Receipt.GetProfileId() == "anthropic:default", answer.Receipt)
}

func stream() {
	streamed := clawgrpc.Stream(ctx, conn, "Say hello.")
	defer streamed.Close()
	var pieces []string
	for streamed.Next() {
		pieces = append(pieces, streamed.Text())
	}
	must(streamed.Err())
	whole, err := clawgrpc.Complete(ctx, conn, "Say hello.")
	must(err)
	holds(len(pieces) > 1, len(pieces))
	holds(strings.Join(pieces, "") == whole.Text(), "another text than that of the whole answer")
	holds(streamed.Receipt().GetStopReason() == "end_turn", streamed.Receipt())
}

func cancel() {
	ask("fault stalled")
	streamed := clawgrpc.Stream(ctx, conn, "Say hello.")
	holds(streamed.Next() && streamed.Text() != "", streamed.Err())
	streamed.Close()
	ask("left")
}

func deadline() {
	ask("fault silent")
	short, done := context.WithTimeout(ctx, time.Second)
	defer done()
	_, err := clawgrpc.Complete(short, conn, "Say hello.")
	holds(err != nil && clawgrpc.ReadError(err).Code == codes.DeadlineExceeded, err)
	ask("left")
}

func facts() {
	_, err := clawgrpc.Complete(ctx, conn, "Say hello.", clawgrpc.Agent("nope"))
	var read *clawgrpc.Error
	holds(errors.As(err, &read), err)
	holds(read.Code == codes.NotFound && read.Reason == "AGENT_NOT_FOUND" && read.Metadata["agent_id"] == "nope", read)
	key := &v1.OnboardRequest_ApiKey{ApiKey: &v1.ApiKeyCredential{}}
	_, err = v1.NewAuthServiceClient(conn).Onboard(ctx, &v1.OnboardRequest{Credential: key})
	read = clawgrpc.ReadError(err)
	holds(read != nil && read.Code == codes.InvalidArgument && read.Reason == "INVALID_FIELD", err)
	holds(len(read.FieldViolations) == 1 && read.FieldViolations[0].Field == "api_key.key", read)
}

func receipt() {
	ask("fault limited")
	_, err := clawgrpc.Complete(ctx, conn, "Say hello.")
	ask("reset")
	read := clawgrpc.ReadError(err)
	holds(read != nil && read.Code == codes.ResourceExhausted && read.Reason == "RATE_LIMITED", err)
	holds(read.Metadata["http_status"] == "429", read)
	holds(read.RetryDelay != nil && *read.RetryDelay > 0 && *read.RetryDelay < time.Hour, read.RetryDelay)
	holds(read.Receipt.GetAttempts()[0].GetHttpStatus() == 429, read.Receipt)
}

func watch() {
	const profile = "anthropic:watched-go"
	late, done := context.WithTimeout(ctx, limit)
	defer done()
	begun, ended, retried := make(chan bool, 1), make(chan error, 1), make(chan bool, 100)
	go func() {
		revision := int64(0)
		options := clawgrpc.WatchOptions{OnRetry: func(*clawgrpc.Error, time.Duration) { retried <- true }}
		ended <- clawgrpc.Watch(late, conn, options, func(status *v1.AgentStatus) bool {
			if status.GetRevision() <= revision {
				ended <- errors.New("an older revision")
			}
			revision = status.GetRevision()
			select {
			case begun <- true:
			default:
			}
			for _, each := range status.GetAuth().GetProfiles() {
				if each.GetProfileId() == profile {
					return false
				}
			}
			return true
		})
	}()
	select {
	case <-begun:
	case err := <-ended:
		must(err)
	}
	ask("restart")
	ask("onboard " + profile)
	must(<-ended)
	holds(len(retried) > 0, "the watch was not interrupted")
}

func large() {
	ask("fault large")
	answer, err := clawgrpc.Complete(ctx, conn, strings.Repeat("x", 5_000_000))
	must(err)
	holds(len(answer.Text()) > 5_000_000, len(answer.Text()))
}

func socket() {
	who, err := v1.NewAccessServiceClient(conn).WhoAmI(ctx, &v1.WhoAmIRequest{})
	must(err)
	holds(who.GetProof() == "unix", who)
}

func tls() {
	trusting := connect(clawgrpc.Options{Endpoint: url, CAFile: ca, TokenFile: file})
	defer trusting.Close()
	_, err := clawgrpc.Complete(ctx, trusting, "Say hello.")
	must(err)
	other := connect(clawgrpc.Options{Endpoint: url, CAFile: otherCA, TokenFile: file})
	defer other.Close()
	late, done := context.WithTimeout(ctx, limit)
	defer done()
	_, err = clawgrpc.Complete(late, other, "Say hello.")
	holds(err != nil && clawgrpc.ReadError(err).Code == codes.Unavailable, err)
}

func token() {
	shown := connect(clawgrpc.Options{Endpoint: url, CAFile: ca, TokenFile: file})
	defer shown.Close()
	who, err := v1.NewAccessServiceClient(shown).WhoAmI(ctx, &v1.WhoAmIRequest{})
	must(err)
	holds(who.GetClient().GetName() == "contract" && who.GetProof() == "token", who)
	none := connect(clawgrpc.Options{Endpoint: url, CAFile: ca})
	defer none.Close()
	_, err = v1.NewAccessServiceClient(none).WhoAmI(ctx, &v1.WhoAmIRequest{})
	holds(err != nil && clawgrpc.ReadError(err).Reason == "UNAUTHENTICATED", err)
}

func connect(options clawgrpc.Options) *grpc.ClientConn {
	connected, err := clawgrpc.Connect(options)
	must(err)
	return connected
}

func ask(what string) {
	fmt.Println("ask", what)
	holds(answers.Scan() && answers.Text() == "done", what+": "+answers.Text())
}

func holds(value bool, why interface{}) {
	if !value {
		panic(why)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
