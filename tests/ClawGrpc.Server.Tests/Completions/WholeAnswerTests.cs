using System.Text.Json.Nodes;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>Upstreams that do not stream, such as gateways in between, answer with one JSON message.</summary>
public class WholeAnswerTests
{
    private const string Message = """
        {
          "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-6",
          "content": [{"type": "text", "text": "One\nline."}, {"type": "novel", "of": ["later"]}],
          "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 3, "output_tokens": 4}
        }
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_that_comes_whole_is_an_answer_too(bool stream)
    {
        await using var fixture = await Credentials.WithTwoKeysAsync();
        fixture.Sandbox.Script(new Fault { Replay = new() { Text = Message } });
        var answer = await fixture.AskAsync(stream);
        Assert.Equal(("end_turn", 4), (answer.Served.StopReason, answer.Served.Usage.OutputTokens));
        Assert.Equal($"{Credentials.One} served", answer.Attempts);
    }

    [Fact]
    public async Task Nothing_of_it_is_lost()
    {
        await using var fixture = await Credentials.WithTwoKeysAsync();
        fixture.Sandbox.Script(new Fault { Replay = new() { Text = Message }, Chunks = new(3) });
        var response = await fixture.Models.CompleteAsync(new CompleteRequest { Input = Prompts.Input(), RawJson = true });
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Message), JsonNode.Parse(response.Completion.RawJson.ToStringUtf8())),
            response.Completion.RawJson.ToStringUtf8());
    }

    [Theory]
    [InlineData("""{"data":[]}""", "SERVER_ERROR", "malformed")]
    [InlineData("""{"type":"message","content":[""", "SERVER_ERROR", "malformed")]
    [InlineData("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", "OVERLOADED", "Overloaded")]
    [InlineData("""{"type":"error","error":{"type":"invalid_request_error","message":"No."}}""", "REQUEST_REJECTED", "No.")]
    public async Task Json_that_is_no_message_is_a_failure_before_the_commit(string json, string reason, string message)
    {
        await using var fixture = await Credentials.WithTwoKeysAsync();
        fixture.Sandbox.Script(new Fault { Replay = new() { Text = json } }.Forever());
        var failed = (await fixture.PatientlyAsync(fixture.CompleteAsync())).Failed;
        Assert.Equal(reason, failed.Reason);
        Assert.Contains(message, failed.Message, StringComparison.Ordinal);
        Assert.NotEqual(StatusCode.Internal, failed.Code);
    }
}
