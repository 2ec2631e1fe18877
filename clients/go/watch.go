package clawgrpc

import (
	"context"
	"io"
	"math"
	"math/rand"
	"time"

	v1 "clawgrpc/v1"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

// A token that ends may be replaced a moment later: so often in a row, for some seconds, a watch tries again.
const unknownAtMost = 6

// WatchOptions say what to watch, and from where.
type WatchOptions struct {
	// AgentID is the agent; empty for the default agent.
	AgentID string
	// KnownRevision is the last revision seen, to get only newer ones; 0 to get the current one at once.
	KnownRevision int64
	// OnRetry is called at each interruption with its error, nil if the server ended the stream without one, and with the delay
	// before the next try. Nil to ignore them.
	OnRetry func(*Error, time.Duration)
}

// Watch calls handle with the whole status of an agent now, and again after each change, until handle returns false.
//
// When the connection breaks or the server is down, it waits, reconnects and resumes from the last revision seen. A watch that
// ends because its token did resumes with the token that the file holds by then. It returns nil if handle ended it, the error of
// the context once that is done, and an *Error that is permanent, such as AGENT_NOT_FOUND.
func Watch(ctx context.Context, conn grpc.ClientConnInterface, options WatchOptions, handle func(*v1.AgentStatus) bool) error {
	client := v1.NewModelServiceClient(conn)
	known := options.KnownRevision
	failures, wasKnown := 0, false
	for {
		request := &v1.WatchStatusRequest{AgentId: options.AgentID, KnownRevision: known}
		ended, err := follow(ctx, client, request, func(response *v1.WatchStatusResponse) bool {
			// Only a message resets the delay: a connection may open and break again.
			failures, wasKnown = 0, true
			if response.GetStatus() == nil {
				return true
			}
			known = response.GetStatus().GetRevision()
			return handle(response.GetStatus())
		})
		if ended {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		facts := ReadError(err)
		tokenEnded := facts != nil && facts.Code == codes.Unauthenticated && wasKnown && failures < unknownAtMost
		if facts != nil && !tokenEnded && !isTransient(facts) {
			return facts
		}
		failures++
		delay := backOff(failures, rand.Float64())
		if options.OnRetry != nil {
			options.OnRetry(facts, delay)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(delay):
		}
	}
}

// Follows one call to its end: whether handle ended it, and its error, nil if the server ended it without one.
func follow(
	ctx context.Context, client v1.ModelServiceClient, request *v1.WatchStatusRequest, handle func(*v1.WatchStatusResponse) bool,
) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	call, err := client.WatchStatus(ctx, request)
	if err != nil {
		return false, err
	}
	for {
		response, err := call.Recv()
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if !handle(response) {
			return true, nil
		}
	}
}

// Whether a watch that failed with this error may succeed later. ClawGrpc's own errors have a reason; of those, only Unavailable
// is transient.
func isTransient(facts *Error) bool {
	switch facts.Code {
	case codes.Unavailable:
		return true
	case codes.Unknown, codes.Internal, codes.Aborted, codes.Canceled, codes.ResourceExhausted, codes.DeadlineExceeded:
		return facts.Reason == ""
	default:
		return false
	}
}

// The delay after a number of failures in a row (at least 1): 0.1 s, doubled each time up to 5 s. The jitter (0 to 1) takes off
// up to half, so that many watchers do not reconnect at once.
func backOff(failures int, jitter float64) time.Duration {
	whole := math.Min(5, 0.1*math.Pow(2, math.Min(float64(failures-1), 16)))
	return time.Duration(whole * (1 - jitter/2) * float64(time.Second))
}
