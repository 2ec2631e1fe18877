using System.Net;
using System.Net.Sockets;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Leaving;

/// <summary>A caller that leaves, in every phase of a completion: upstream sees it go, and health does not change.</summary>
public class CancellationTests
{
    private static readonly string[] AllPhases =
        ["waiting for headers", "before the first event", "in the middle of the stream"];

    public static TheoryData<string> Phases => [.. AllPhases];

    public static TheoryData<string, Face> PhasesOfFaces => Faces.With(AllPhases);

    [Theory]
    [MemberData(nameof(PhasesOfFaces))]
    public async Task A_caller_that_leaves_takes_the_request_to_upstream_along(string phase, Face face)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(FaultOf(phase));
        using var leave = new CancellationTokenSource();
        using var call = fixture.Open(face, leave.Token);
        await ReachAsync(fixture, call, phase);
        await leave.CancelAsync();
        var failed = await Assert.ThrowsAnyAsync<Exception>(call.ReadToEndAsync);
        Assert.True(failed is RpcException or OperationCanceledException or IOException or ObjectDisposedException, $"{failed}");
        await HasLeftAsync(fixture);
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_deadline_that_passes_does_the_same(string phase)
    {
        await using var fixture = await WithTwoKeysAsync();
        await fixture.StreamAsync();
        fixture.Sandbox.ClearRequests();
        fixture.Sandbox.Script(FaultOf(phase));
        using var call = fixture.OpenStream(deadline: DateTime.UtcNow.AddSeconds(0.4));
        var failed = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                // Up to where it stalls.
            }
        });
        Assert.Equal(StatusCode.DeadlineExceeded, failed.StatusCode);
        await HasLeftAsync(fixture);
    }

    [Theory]
    [MemberData(nameof(PhasesOfFaces))]
    public async Task A_connection_that_is_lost_does_the_same(string phase, Face face)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(FaultOf(phase));
        using (var call = fixture.Open(face))
            await ReachAsync(fixture, call, phase);

        await HasLeftAsync(fixture);
    }

    [Theory]
    [MemberData(nameof(Faces.All), MemberType = typeof(Faces))]
    public async Task Whole_answer_without_a_caller_is_given_up(Face face)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Stall(6));
        using var leave = new CancellationTokenSource();
        var call = face == Face.Http ? (Task)fixture.AskAsync(face, stream: false, cancellation: leave.Token)
            : fixture.Models.CompleteAsync(
                new V1.CompleteRequest { Input = Prompts.Input() }, cancellationToken: leave.Token).ResponseAsync;
        await fixture.Sandbox.WaitForRequestsAsync(1);
        await leave.CancelAsync();
        var failed = await Assert.ThrowsAnyAsync<Exception>(() => call);
        Assert.True(failed is RpcException { StatusCode: StatusCode.Cancelled } or OperationCanceledException, $"{failed}");
        await HasLeftAsync(fixture);
    }

    [Theory]
    [MemberData(nameof(Faces.All), MemberType = typeof(Faces))]
    public async Task Caller_leaving_during_retry_pause_ends_the_retries(Face face)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(529).Forever());
        using var leave = new CancellationTokenSource();
        var call = fixture.AskAsync(face, cancellation: leave.Token);
        var (shortest, longest) = (TimeSpan.FromMilliseconds(101), TimeSpan.FromMilliseconds(999));
        await fixture.Time.WaitForTimerAsync(shortest, longest);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => call);

        // The pause has gone once the server has seen the caller leave; moving the clock on brings no further request.
        await ServerFixture.EventuallyAsync(() => Task.FromResult(!fixture.Time.HasTimer(shortest, longest)));
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal($"{One} served", await ServedNowAsync(fixture));
        Assert.Equal(2, fixture.Sandbox.Requests.Count);
    }

    [Fact]
    public async Task Deadline_during_retry_pause_ends_the_retries()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(529).Forever());
        using var call = fixture.OpenStream(deadline: DateTime.UtcNow.AddSeconds(0.4));
        var failed = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(StatusCode.DeadlineExceeded, failed.StatusCode);

        // The clock of the pauses stands still: only the deadline can have ended it.
        await ServerFixture.EventuallyAsync(
            () => Task.FromResult(!fixture.Time.HasTimer(TimeSpan.FromMilliseconds(101), TimeSpan.FromMilliseconds(999))));
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal($"{One} served", await ServedNowAsync(fixture));
        Assert.InRange(fixture.Sandbox.Requests.Count, 1, 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nor_is_a_connection_waited_for_that_upstream_does_not_take(bool byDeadline)
    {
        // If the queue is full and nothing accepts, a connect waits.
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(0);
        var filling = Enumerable.Range(0, 4)
            .Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToList();
        filling.ForEach(socket => _ = socket.ConnectAsync(deaf.LocalEndPoint!));
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync($"http://{deaf.LocalEndPoint}");
        await fixture.StartServerAsync();
        await fixture.OnboardAsync();
        using var leave = new CancellationTokenSource();
        using var call = fixture.OpenStream(byDeadline ? DateTime.UtcNow.AddSeconds(0.4) : null, leave.Token);
        var answer = call.ResponseStream.MoveNext(CancellationToken.None);

        // The patience for a first event: by then it connects.
        await fixture.Time.WaitForTimerAsync(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60));
        if (!byDeadline)
            await leave.CancelAsync();
        var failed = await Assert.ThrowsAsync<RpcException>(() => answer);
        Assert.Equal(byDeadline ? StatusCode.DeadlineExceeded : StatusCode.Cancelled, failed.StatusCode);
        await ServerFixture.EventuallyAsync(
            () => Task.FromResult(!fixture.Time.HasTimer(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60))));
        Assert.Equal("", await fixture.UnusableAsync());
        filling.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task A_watcher_that_leaves_is_forgotten()
    {
        await using var fixture = await WithTwoKeysAsync();
        using (var watcher = fixture.Watch())
        {
            await watcher.NextAsync();
            await watcher.PassPauseAsync();
            await fixture.Time.WaitForTimerAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
        }

        await ServerFixture.EventuallyAsync(
            () => Task.FromResult(!fixture.Time.HasTimer(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30))));
    }

    private static async Task<string> ServedNowAsync(ServerFixture fixture)
    {
        fixture.Sandbox.ClearScript();
        return (await fixture.StreamAsync()).Attempts;
    }

    private static Fault FaultOf(string phase) => phase switch
    {
        "waiting for headers" => Faults.StallBeforeHeaders(),
        "before the first event" => Faults.Stall(1),
        _ => Faults.Stall(6),
    };

    private static async Task ReachAsync(ServerFixture fixture, OpenAnswer call, string phase)
    {
        await fixture.Sandbox.WaitForRequestsAsync(1);
        if (phase == "before the first event")
            await ServerFixture.EventuallyAsync(() => Task.FromResult(fixture.Sandbox.Requests[0].EventsSent == 1));
        if (phase == "in the middle of the stream")
            await call.ReadTextAsync("You said “Hello”.");
    }

    private static async Task HasLeftAsync(ServerFixture fixture)
    {
        Assert.Equal(KeyOne, Assert.Single(await fixture.Sandbox.WaitForAbortsAsync(1)).Credential);
        Assert.Equal("", await fixture.UnusableAsync());
        var profile = (await fixture.StatusAsync()).Auth.Profiles[0];
        Assert.Equal((0, null), (profile.ErrorCount, profile.LastFailureTime));
        Assert.DoesNotContain(fixture.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
        Assert.Single(fixture.Sandbox.Requests);
    }
}
