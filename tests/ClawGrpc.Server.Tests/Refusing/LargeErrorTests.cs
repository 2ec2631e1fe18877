using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Refusing;

/// <summary>
/// Clients of gRPC take no more than 8 kB of metadata unless told otherwise, trailers included, and lose the whole error
/// when there is more.
/// </summary>
public class LargeErrorTests
{
    private const int MostMetadata = 8 * 1024;
    private static readonly string Long = string.Concat(Enumerable.Repeat("Ein sehr langer Satz über gar nichts. ", 3000));

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(429)]
    [InlineData(500)]
    public async Task Error_with_long_upstream_text_arrives(int status)
    {
        await using var fixture = await ServerFixture.StartAsync();
        for (var index = 0; index < 10; index++)
            await fixture.OnboardAsync($"anthropic:profile-{index}", $"sk-ant-api03-FAKE-{index:0000000000}");
        fixture.Sandbox.Script(Faults.Status(status, Long).Forever());
        var answer = await fixture.StreamAsync();
        Fits(answer.Failed.Exception);
        Assert.Contains("Ein sehr langer Satz", answer.Failed.Message, StringComparison.Ordinal);
        Assert.Equal(status == 400 ? 1 : 8, answer.Receipt!.Attempts.Count);
    }

    [Fact]
    public async Task Names_of_upstream_may_be_as_long_as_a_book()
    {
        await using var fixture = await WithTwoKeysAsync();
        var name = new string('n', 20_000);
        var body = $$$"""{"type":"error","error":{"type":"{{{name}}}","message":"Short.","details":"""
            + $$$"""{"error_code":"{{{name}}}"}},"request_id":"{{{name}}}"}""";
        fixture.Sandbox.Script(
            new Fault { Status = new() { Code = 500, Text = body, Headers = new() { ["request-id"] = "" } } }.Forever());
        var answer = await fixture.StreamAsync();
        Fits(answer.Failed.Exception);
        Assert.Equal("Short.", answer.Failed.Message);
        Assert.StartsWith("nnn", answer.Receipt!.Attempts[0].ErrorType, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Error_about_long_caller_input_arrives()
    {
        await using var fixture = await ServerFixture.StartAsync();
        Func<Task>[] calls =
        [
            async () => await fixture.Models.GetStatusAsync(new GetStatusRequest { AgentId = Long }),
            async () => await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = Long }),
            async () =>
                await fixture.Models.CompleteAsync(
                    new CompleteRequest { Input = Prompts.Input(with: input => input.Model = "openai/" + Long) }),
            async () => await fixture.Models.CompleteAsync(
                new CompleteRequest { Input = Prompts.Input(
                    with: input => input.Betas.AddRange(Enumerable.Repeat("a,b", 10_000))) }),
            async () =>
                await fixture.Models.CompleteAsync(new CompleteRequest { Input = Prompts.Input(
                    with: input => input.Model = $"opus@{new string('p', 50_000)}") }),
        ];
        foreach (var call in calls)
            Fits((await CallFailure.OfAsync(call)).Exception);
    }

    // What the caller gave stands in the receipt as well.
    [Theory]
    [InlineData("betas")]
    [InlineData("profile")]
    [InlineData("session")]
    [InlineData("headers")]
    [InlineData("fallbacks")]
    [InlineData("fields")]
    public async Task Error_with_a_long_receipt_arrives(string what)
    {
        var headers = string.Join(", ", Enumerable.Range(0, 60).Select(each => $"'x-header-{each}': '{new string('h', 120)}'"));
        var fallbacks = string.Join(
            ", ", Enumerable.Range(0, 90).Select(each => $"'anthropic/claude-{each}-{new string('m', 150)}'"));
        await using var fixture = await ServerFixture.StartAsync(
            what == "fallbacks"
                ? $"agents: {{ defaults: {{ model: {{ primary: 'anthropic/claude-opus-4-6', fallbacks: [{fallbacks}] }} }} }}, "
                    + "clawgrpc: { limits: { attempts: 100 } }"
                : "",
            provider: what == "headers" ? $"headers: {{ {headers} }}" : "");
        await fixture.OnboardAsync(what == "profile" ? $"anthropic:{new string('p', 180)}" : One);
        fixture.Sandbox.Script(Faults.Status(500, Long).Forever());
        var input = Prompts.Input();
        if (what == "betas")
            input.Betas.AddRange(Enumerable.Range(0, 150).Select(each => $"beta-{each}-{new string('b', 80)}"));
        if (what == "session")
            input.SessionId = new string('s', 200);
        if (what == "fields")
            input.Betas.AddRange(Enumerable.Range(0, 150).Select(each => $"{each} ä {new string('b', 200)}"));
        var failed = (await fixture.StreamAsync(input)).Failed;
        Fits(failed.Exception);
        Assert.Equal(what == "fields" ? "INVALID_FIELD" : "SERVER_ERROR", failed.Reason);
        if (what != "fields")
            Assert.Equal($"{AttemptOutcome.Failed}", $"{failed.Receipt!.Attempts[^1].Outcome}");
    }

    private static void Fits(RpcException exception)
    {
        var bytes = Uri.EscapeDataString(exception.Status.Detail).Length
            + exception.Trailers.Sum(
                entry => entry.Key.Length + 32 + (entry.IsBinary ? entry.ValueBytes.Length * 4 / 3 : entry.Value.Length));
        Assert.True(bytes <= MostMetadata, $"{bytes} bytes of metadata.");
    }
}
