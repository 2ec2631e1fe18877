package clawgrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	v1 "clawgrpc/v1"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const errorDomain = "clawgrpc.v1"

// Error is the error of a failed call. It is also a gRPC status, so status.Code and status.FromError read it.
type Error struct {
	// Code is the gRPC code, which speaks of the caller and ClawGrpc.
	Code codes.Code
	// Message is what went wrong, for people; may be empty.
	Message string
	// Reason speaks of Anthropic and the credentials, such as RATE_LIMITED, as error_reason.proto documents it; empty if the
	// error is not ClawGrpc's.
	Reason string
	// Metadata has facts about this error, such as profile_id; empty if there are none.
	Metadata map[string]string
	// FieldViolations has all invalid fields of the request; empty if it was not refused for its fields.
	FieldViolations []FieldViolation
	// RetryDelay is how long to wait before the next try; nil if the server stated no time.
	RetryDelay *time.Duration
	// Receipt is that of a failed completion; nil for any other call.
	Receipt *v1.Receipt

	status *status.Status
}

// FieldViolation is an invalid field of a request.
type FieldViolation struct {
	// Field is its path, such as input.messages.messages[0].role.
	Field string
	// Description is what is wrong with it, and what would be valid.
	Description string
}

// Error returns one line for people, such as InvalidArgument INVALID_FIELD: … (api_key.key: must not be empty).
func (e *Error) Error() string {
	head := e.Code.String()
	if e.Reason != "" {
		head += " " + e.Reason
	}
	var fields []string
	for _, violation := range e.FieldViolations {
		fields = append(fields, violation.Field+": "+violation.Description)
	}
	if len(fields) > 0 {
		return fmt.Sprintf("%s: %s (%s)", head, e.Message, strings.Join(fields, "; "))
	}
	return fmt.Sprintf("%s: %s", head, e.Message)
}

// GRPCStatus returns the status that the server sent.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// ReadError reads the error of a call; nil if there is none. Details that cannot be parsed are left out; over a connection of
// Connect it has the receipt too.
func ReadError(err error) *Error {
	var read *Error
	if err == nil || errors.As(err, &read) {
		return read
	}
	return readError(err, nil)
}

func readError(err error, trailer metadata.MD) *Error {
	sent, ok := status.FromError(err)
	if !ok {
		sent = status.FromContextError(err)
	}
	read := &Error{Code: sent.Code(), Message: sent.Message(), status: sent}
	for _, detail := range sent.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetDomain() == errorDomain {
				read.Reason, read.Metadata = detail.GetReason(), detail.GetMetadata()
			}
		case *errdetails.RetryInfo:
			if delay := detail.GetRetryDelay(); delay.CheckValid() == nil {
				asDuration := delay.AsDuration()
				read.RetryDelay = &asDuration
			}
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				read.FieldViolations = append(read.FieldViolations, FieldViolation{violation.GetField(), violation.GetDescription()})
			}
		}
	}
	if values := trailer.Get("clawgrpc-receipt-bin"); len(values) > 0 {
		if receipt := new(v1.Receipt); proto.Unmarshal([]byte(values[0]), receipt) == nil {
			read.Receipt = receipt
		}
	}
	return read
}

func factsOfUnary(
	ctx context.Context, method string, request, reply interface{}, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
	options ...grpc.CallOption,
) error {
	var trailer metadata.MD
	if err := invoke(ctx, method, request, reply, conn, append(options, grpc.Trailer(&trailer))...); err != nil {
		return readError(err, trailer)
	}
	return nil
}

func factsOfStream(
	ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, begin grpc.Streamer,
	options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	stream, err := begin(ctx, desc, conn, method, options...)
	if err != nil {
		return nil, readError(err, nil)
	}
	return &factualStream{stream}, nil
}

type factualStream struct{ grpc.ClientStream }

func (s *factualStream) RecvMsg(message interface{}) error {
	err := s.ClientStream.RecvMsg(message)
	if err == nil || err == io.EOF {
		return err
	}
	return readError(err, s.Trailer())
}
