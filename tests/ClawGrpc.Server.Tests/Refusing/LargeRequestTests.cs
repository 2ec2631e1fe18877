using ClawGrpc.Server.Grpc;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Refusing;

/// <summary>Requests that take much memory: compressed ones, and many large ones at once.</summary>
public class LargeRequestTests
{
    private static readonly string Megabyte = new('x', 1024 * 1024);

    [Fact]
    public async Task Compressed_requests_are_refused_unless_configured()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var failed = await CompressedAsync(fixture);
        Assert.Equal((StatusCode.Unimplemented, "NOT_IMPLEMENTED"), (failed!.Code, failed.Reason));
        Assert.Contains("clawgrpc.limits.compressedRequests", failed.Message, StringComparison.Ordinal);
        Assert.Empty(fixture.Sandbox.Requests);

        await using var other = await ServerFixture.StartAsync("clawgrpc: { limits: { compressedRequests: true } }");
        await other.OnboardAsync();
        Assert.Null(await CompressedAsync(other));
    }

    [Fact]
    public async Task Large_requests_share_a_budget_until_their_calls_end()
    {
        await using var fixture = await ServerFixture.StartAsync("clawgrpc: { limits: { requestsMegabytes: 3 } }");
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.StallBeforeHeaders().Times(2));
        using var leaving = new CancellationTokenSource();
        var held = Enumerable.Range(0, 2)
            .Select(_ => fixture.StreamAsync(Prompts.Input(Megabyte), cancellation: leaving.Token)).ToList();
        await fixture.Sandbox.WaitForRequestsAsync(2);
        foreach (var prompt in new[] { Megabyte, Megabyte + Megabyte })
        {
            var failed = (await fixture.CompleteAsync(Prompts.Input(prompt))).Failed;
            Assert.Equal(
                (StatusCode.ResourceExhausted, "BUSY", TimeSpan.FromSeconds(1)), (failed.Code, failed.Reason, failed.RetryDelay));
        }

        // Small requests need no room.
        Assert.Null((await fixture.CompleteAsync()).Failure);
        await leaving.CancelAsync();
        foreach (var call in held)
            await Assert.ThrowsAnyAsync<Exception>(() => call);
        await ServerFixture.EventuallyAsync(() => Task.FromResult(fixture.Part<RequestBudget>().Held == 0));
        Assert.Null((await fixture.CompleteAsync(Prompts.Input(Megabyte + Megabyte))).Failure);
    }

    private static async Task<CallFailure?> CompressedAsync(ServerFixture fixture)
    {
        try
        {
            var compressed = new Metadata { { "grpc-internal-encoding-request", "gzip" } };
            await fixture.Models.CompleteAsync(new CompleteRequest { Input = Prompts.Input() }, compressed);
            return null;
        }
        catch (RpcException exception)
        {
            return new CallFailure(exception);
        }
    }
}
