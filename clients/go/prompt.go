package clawgrpc

import (
	"context"
	"errors"
	"io"
	"strings"

	v1 "clawgrpc/v1"

	"google.golang.org/grpc"
)

// Answer is an answer; printed, its text.
type Answer struct {
	// Completion is the answer with all its blocks.
	Completion *v1.Completion
	// Receipt is what was really done, and what it cost.
	Receipt *v1.Receipt
}

// Text returns the text of the answer; empty if it has none, such as a mere tool call.
func (a *Answer) Text() string {
	var text strings.Builder
	for _, block := range a.Completion.GetContent() {
		text.WriteString(block.GetText().GetText())
	}
	return text.String()
}

// String returns the text.
func (a *Answer) String() string { return a.Text() }

// Model chooses the model of a prompt: provider/model, an alias or a short id.
func Model(model string) func(*v1.CompletionInput) {
	return func(input *v1.CompletionInput) { input.Model = model }
}

// Agent chooses the agent whose credentials serve a prompt.
func Agent(id string) func(*v1.CompletionInput) {
	return func(input *v1.CompletionInput) { input.AgentId = id }
}

// Complete returns the whole answer to a prompt that is text alone; everything else is in the generated calls. A repeat is a new
// completion and is billed. Errors are of type *Error.
func Complete(
	ctx context.Context, conn grpc.ClientConnInterface, prompt string, with ...func(*v1.CompletionInput),
) (*Answer, error) {
	response, err := v1.NewModelServiceClient(conn).Complete(ctx, &v1.CompleteRequest{Input: inputOf(prompt, with)})
	if err != nil {
		return nil, err
	}
	return &Answer{response.GetCompletion(), response.GetReceipt()}, nil
}

// AnswerStream is the text of an answer, piece by piece as it comes:
//
//	stream := clawgrpc.Stream(ctx, conn, "Tell me a story.")
//	defer stream.Close()
//	for stream.Next() {
//		fmt.Print(stream.Text())
//	}
//	err := stream.Err()
type AnswerStream struct {
	call    v1.ModelService_StreamCompleteClient
	cancel  context.CancelFunc
	text    string
	receipt *v1.Receipt
	err     error
}

// Stream streams the text of the answer to a prompt that is text alone. A repeat is a new completion and is billed.
func Stream(
	ctx context.Context, conn grpc.ClientConnInterface, prompt string, with ...func(*v1.CompletionInput),
) *AnswerStream {
	ctx, cancel := context.WithCancel(ctx)
	request := &v1.StreamCompleteRequest{Input: inputOf(prompt, with)}
	call, err := v1.NewModelServiceClient(conn).StreamComplete(ctx, request)
	return &AnswerStream{call: call, cancel: cancel, err: err}
}

// Next waits for the next piece; false after the last one, and if the call failed.
func (s *AnswerStream) Next() bool {
	for s.err == nil {
		var response *v1.StreamCompleteResponse
		if response, s.err = s.call.Recv(); s.err != nil {
			break
		}
		if delta, is := response.GetBlockDelta().GetDelta().(*v1.ContentBlockDelta_Text); is {
			s.text = delta.Text
			return true
		}
		if finished := response.GetFinished(); finished != nil {
			s.receipt = finished.GetReceipt()
		}
	}
	s.cancel()
	return false
}

// Text returns the piece.
func (s *AnswerStream) Text() string { return s.text }

// Receipt returns what was really done; nil until the answer is complete.
func (s *AnswerStream) Receipt() *v1.Receipt { return s.receipt }

// Err returns why the call failed, of type *Error; nil if it did not.
func (s *AnswerStream) Err() error {
	if errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}

// Close cancels the call if it has not ended, and with it the request to Anthropic.
func (s *AnswerStream) Close() { s.cancel() }

func inputOf(prompt string, with []func(*v1.CompletionInput)) *v1.CompletionInput {
	block := &v1.ContentBlock{Block: &v1.ContentBlock_Text{Text: &v1.TextBlock{Text: prompt}}}
	message := &v1.Message{Role: v1.Role_ROLE_USER, Content: []*v1.ContentBlock{block}}
	messages := &v1.MessagesRequest{Messages: []*v1.Message{message}}
	input := &v1.CompletionInput{Prompt: &v1.CompletionInput_Messages{Messages: messages}}
	for _, set := range with {
		set(input)
	}
	return input
}
