using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>What one client may ask for at once and in a minute; others are not held up.</summary>
public class ClientLimitTests
{
    [Fact]
    public async Task Requests_of_a_minute()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var limited = await fixture.AddClientAsync(
            "ci", [Scope.Status], client => client.Limits = new ClientLimits { RequestsPerMinute = 3 });
        var other = await fixture.AddClientAsync("other", [Scope.Status]);
        for (var call = 0; call < 3; call++)
            await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), limited.Headers);
        var failure = await CallFailure.OfAsync(
            async () => await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), limited.Headers));
        Assert.Equal((StatusCode.ResourceExhausted, "CLIENT_LIMITED"), (failure.Code, failure.Reason));
        Assert.Equal("requests_per_minute", failure.Facts["limit"]);
        Assert.InRange(failure.RetryDelay!.Value, TimeSpan.FromTicks(1), TimeSpan.FromMinutes(1));
        await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), other.Headers);
    }

    [Fact]
    public async Task Watchers_at_once()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var limited = await fixture.AddClientAsync(
            "ci", [Scope.Status], client => client.Limits = new ClientLimits { Watchers = 1 });
        using (var first = fixture.Models.WatchStatus(new WatchStatusRequest(), limited.Headers))
        {
            Assert.True(await first.ResponseStream.MoveNext(CancellationToken.None));
            var failure = await CallFailure.OfAsync(async () =>
            {
                using var second = fixture.Models.WatchStatus(new WatchStatusRequest(), limited.Headers);
                await second.ResponseStream.MoveNext(CancellationToken.None);
            });
            Assert.Equal(("CLIENT_LIMITED", "watchers"), (failure.Reason, failure.Facts["limit"]));
            await fixture.Models.GetStatusAsync(new GetStatusRequest(), limited.Headers);
        }

        // The place is free once the first one has left.
        await ServerFixture.EventuallyAsync(async () =>
        {
            using var third = fixture.Models.WatchStatus(new WatchStatusRequest(), limited.Headers);
            try
            {
                return await third.ResponseStream.MoveNext(CancellationToken.None);
            }
            catch (RpcException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task Completions_at_once()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var limited = await fixture.AddClientAsync(
            "ci", [Scope.Complete], client => client.Limits = new ClientLimits { Completions = 1 });
        fixture.Sandbox.Script(Faults.Stall(0).Forever());
        using var first = fixture.Models.StreamComplete(
            new StreamCompleteRequest { Input = Prompts.Input() }, limited.Headers);
        await fixture.Sandbox.WaitForRequestsAsync(1);
        var failure = await CallFailure.OfAsync(async () => await fixture.Models.CompleteAsync(
            new CompleteRequest { Input = Prompts.Input() }, limited.Headers));
        Assert.Equal(("CLIENT_LIMITED", "completions"), (failure.Reason, failure.Facts["limit"]));
    }

    [Fact]
    public async Task Bytes_under_way()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var limited = await fixture.AddClientAsync(
            "ci", [Scope.Complete], client => client.Limits = new ClientLimits { Megabytes = 1 });
        var failure = await CallFailure.OfAsync(async () => await fixture.Models.PlanCompletionAsync(
            new PlanCompletionRequest { Input = Prompts.Input(new string('x', 3 << 20)) }, limited.Headers));
        Assert.Equal(("CLIENT_LIMITED", "megabytes"), (failure.Reason, failure.Facts["limit"]));
    }

    [Fact]
    public async Task Flood_of_unknown_callers_is_slowed_and_logged_in_few_lines()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var unknown = new Metadata { { "authorization", "Bearer claw_no" } };
        var reasons = new List<string>();
        for (var call = 0; call < 100; call++)
        {
            var failure = await CallFailure.OfAsync(async () => await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), unknown));
            reasons.Add(failure.Reason);
        }

        Assert.Equal(60, reasons.Count(reason => reason == "UNAUTHENTICATED"));
        Assert.Equal(40, reasons.Count(reason => reason == "CLIENT_LIMITED"));
        Assert.Equal("local", (await fixture.Access.WhoAmIAsync(new WhoAmIRequest())).Client.Name);
    }
}
