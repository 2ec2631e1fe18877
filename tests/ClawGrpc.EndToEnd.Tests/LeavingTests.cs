using System.Net;
using System.Net.Sockets;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Xunit.Abstractions;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>
/// Many callers that leave, in every phase of a completion: upstream sees each of them go, and the server keeps nothing of
/// them.
/// </summary>
public class LeavingTests(ITestOutputHelper output)
{
    private const int AtOnce = 20;
    private const string Pause = "in a pause before a repeat";
    private static readonly int Calls = Runs.Of(few: 100, full: 1000);

    public static TheoryData<string> Phases => ["waiting for headers", "before the first event", "in the middle of the stream"];

    public static TheoryData<string> AllPhases =>
        ["waiting for headers", "before the first event", "in the middle of the stream", Pause];

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task Upstream_sees_every_caller_go_and_nothing_is_kept(string phase)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        fixture.Sandbox.Script(FaultOf(phase).Forever());
        await LeaveAsync(fixture, phase, (request, left) =>
        {
            Assert.Equal(Outcome.Aborted, request.Outcome);
            return request.EndedAt!.Value - left;
        });
    }

    [Fact]
    public async Task A_pause_before_a_repeat_ends_with_its_caller()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        fixture.Sandbox.Script(FaultOf(Pause).Forever());
        await LeaveAsync(fixture, Pause, Nothing);
    }

    // Counted inside the server, where unfinished tasks, timers that are still set and arrays that were not returned can be
    // seen.
    [Theory]
    [MemberData(nameof(AllPhases))]
    public async Task Callers_that_left_leave_no_task_timer_or_buffer(string phase)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        fixture.Sandbox.Script(FaultOf(phase).Forever());
        var socket = Path.Join(fixture.Path, "snapshot.sock");
        await fixture.ServeAsync(new Dictionary<string,
            string>
        { ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location, [StartupHook.Variable] = socket });
        using var channel = fixture.Connect();
        await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        var models = new ModelService.ModelServiceClient(channel);
        await LeaveTimesAsync(fixture, models, phase, Nothing, Calls);
        await EventuallyAsync(() => fixture.Sandbox.OpenConnections <= (phase == Pause ? AtOnce : 0));
        var before = await AtRestAsync(socket);
        var amid = before;
        await LeaveTimesAsync(fixture, models, phase, Nothing, Calls, () => amid = RuntimeSnapshot.Of(socket));
        var after = before;
        await EventuallyAsync(() => (after = RuntimeSnapshot.Of(socket)).MoreThan(before).Length == 0
            && after.RentedArrays <= before.RentedArrays && after.Timers <= before.Timers);
        output.WriteLine($"{Calls} callers left {phase}\n  before: {before}\n  amid:   {amid}\n  after:  {after}");

        // Those who are there are counted, or the count would prove nothing. Those of the round before have left, and their
        // requests may not have ended yet.
        Assert.InRange(amid.UnfinishedTasks, before.UnfinishedTasks + 1, int.MaxValue);
        Assert.InRange(amid.Requests["http.server.active_requests"], 1, 2 * AtOnce);
        Assert.Equal((0, 0), (after.Requests["http.server.active_requests"], after.Requests["http.client.active_requests"]));
        Assert.True(!Runs.InFull || after.ManagedBytes < before.ManagedBytes + (512 * 1024),
            $"{before.ManagedBytes} bytes before and {after.ManagedBytes} after");
    }

    [Fact]
    public async Task Connections_being_opened_are_abandoned()
    {
        // If the queue is full and nothing accepts, a connect waits.
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(0);
        var port = ((IPEndPoint)deaf.LocalEndPoint!).Port;
        var filling = Enumerable.Range(0, 4)
            .Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToList();
        filling.ForEach(socket => _ = socket.ConnectAsync(deaf.LocalEndPoint!));
        await EventuallyAsync(() => ProcessResources.Connecting(port) > 0);

        await using var fixture = await ProcessFixture.BuildAsync();
        await fixture.ConfigureAsync(
            $"{{ models: {{ providers: {{ anthropic: {{ baseUrl: 'http://127.0.0.1:{port}', models: [] }} }} }} }}\n");
        var server = await fixture.ServeAsync();
        using var channel = fixture.Connect();
        await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        var (before, waiting) = (ProcessResources.Sockets(server.Id), ProcessResources.Connecting(port));
        var models = new ModelService.ModelServiceClient(channel);
        for (var left = 0; left < Calls; left += AtOnce)
        {
            using var leave = new CancellationTokenSource();
            var calls = Enumerable.Range(0, AtOnce).Select(_ => models.CompleteAsync(
                new CompleteRequest { Input = Input("connecting") }, cancellationToken: leave.Token).ResponseAsync).ToList();
            await EventuallyAsync(() => ProcessResources.Connecting(port) >= waiting + AtOnce);
            await leave.CancelAsync();
            foreach (var call in calls)
                Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
        }

        // The runtime ends an abandoned attempt to connect after five seconds.
        filling.ForEach(socket => socket.Dispose());
        await EventuallyAsync(() => ProcessResources.Connecting(port) == 0 && ProcessResources.Sockets(server.Id) <= before);
        output.WriteLine(
            $"{Calls} callers left while connecting; sockets {before} before, {ProcessResources.Sockets(server.Id)} after");
    }

    // The warm-up is over on the wire before its last tasks have ended in the server: at rest, no request is under way and five
    // looks in a row see the same tasks and timers.
    private static async Task<RuntimeSnapshot> AtRestAsync(string socket)
    {
        var (last, same) = (RuntimeSnapshot.Of(socket), 0);
        await EventuallyAsync(() =>
        {
            var now = RuntimeSnapshot.Of(socket);
            var isIdle = now.Requests["http.server.active_requests"] == 0 && now.Requests["http.client.active_requests"] == 0;
            var isSame = now.MoreThan(last).Length == 0 && last.MoreThan(now).Length == 0 && now.Timers == last.Timers;
            (last, same) = (now, isIdle && isSame ? same + 1 : 0);
            return same == 5;
        });
        return last;
    }

    // There is nothing under way that could be given up.
    private static TimeSpan? Nothing(SeenRequest request, DateTimeOffset left) => null;

    private async Task LeaveAsync(ProcessFixture fixture, string phase, Func<SeenRequest, DateTimeOffset, TimeSpan?> check)
    {
        var server = await fixture.ServeAsync();
        using var channel = fixture.Connect();
        await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        var models = new ModelService.ModelServiceClient(channel);

        // What a server needs to be warm (compiled code, room for garbage) is no loss; connections whose answers were whole
        // wait for the next calls.
        var (sockets, idle) = (ProcessResources.Sockets(server.Id), phase == Pause ? AtOnce : 0);
        await LeaveTimesAsync(fixture, models, phase, check, Runs.Of(few: 100, full: 3000));
        await EventuallyAsync(
            () => fixture.Sandbox.OpenConnections <= idle && ProcessResources.Sockets(server.Id) <= sockets + idle);
        var (threads, memory) = (ProcessResources.Threads(server.Id), ProcessResources.WorkingSet(server.Id));
        var latencies = await LeaveTimesAsync(fixture, models, phase, check, Calls);
        await EventuallyAsync(
            () => fixture.Sandbox.OpenConnections <= idle && ProcessResources.Sockets(server.Id) <= sockets + idle);
        var after = ProcessResources.WorkingSet(server.Id);
        var median = latencies.Order().ElementAtOrDefault(latencies.Count / 2);
        output.WriteLine($"{Calls} callers left {phase}; {latencies.Count} aborts seen upstream, after "
            + $"{median.TotalMilliseconds:0.0} ms at the median and {latencies.DefaultIfEmpty().Max().TotalMilliseconds:0.0} "
            + $"ms at most; "
            + $"sockets {sockets} and {ProcessResources.Sockets(server.Id)}, threads {threads} and "
            + $"{ProcessResources.Threads(server.Id)}, working set {memory} and {after} kB");
        Assert.True(!Runs.InFull || after <= memory * 1.1, $"{memory} kB before and {after} kB after");
        Assert.DoesNotContain("rror", server.Error, StringComparison.Ordinal);
    }

    private static async Task<List<TimeSpan>> LeaveTimesAsync(
        ProcessFixture fixture,
        ModelService.ModelServiceClient models,
        string phase,
        Func<SeenRequest, DateTimeOffset, TimeSpan?> check,
        int times,
        Action? amid = null)
    {
        var latencies = new List<TimeSpan>();
        for (var left = 0; left < times; left += AtOnce)
        {
            fixture.Sandbox.ClearRequests();
            latencies.AddRange((await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(OneAsync))).OfType<TimeSpan>());
            Assert.All(fixture.Sandbox.Requests, request => Assert.NotEqual(Outcome.Open, request.Outcome));
        }

        return latencies;

        async Task<TimeSpan?> OneAsync(int number)
        {
            using var leave = new CancellationTokenSource();
            using var call = models.StreamComplete(
                new StreamCompleteRequest { Input = Input($"caller {number};") }, cancellationToken: leave.Token);
            bool IsMine(SeenRequest request) =>
                System.Text.Encoding.UTF8.GetString(request.Body.Span).Contains($"caller {number};", StringComparison.Ordinal);
            var mine = (await fixture.Sandbox.WaitUntilAsync(requests => requests.Any(IsMine))).First(IsMine);
            await ReachAsync(phase, mine, call);
            if (number == 0)
                amid?.Invoke();
            var left = DateTimeOffset.UtcNow;
            await leave.CancelAsync();
            await Assert.ThrowsAsync<RpcException>(async () =>
            {
                while (await call.ResponseStream.MoveNext(CancellationToken.None))
                {
                    // What had come before.
                }
            });
            await mine.Finished.WaitAsync(TimeSpan.FromSeconds(30));
            return check(mine, left);
        }
    }

    private static async Task ReachAsync(string phase, SeenRequest request, AsyncServerStreamingCall<StreamCompleteResponse> call)
    {
        if (phase == Pause)
            await request.Finished;
        if (phase == "before the first event")
            await EventuallyAsync(() => request.EventsSent == 1);
        while (phase == "in the middle of the stream" && await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            if (call.ResponseStream.Current.BlockDelta is not null)
                return;
        }
    }

    private static CompletionInput Input(string prompt)
    {
        var message = new Message { Role = Role.User, Content = { new ContentBlock { Text = new TextBlock { Text = prompt } } } };
        return new CompletionInput { Messages = new MessagesRequest { Messages = { message } } };
    }

    private static Fault FaultOf(string phase) => phase switch
    {
        "waiting for headers" => Faults.StallBeforeHeaders(),
        "before the first event" => Faults.Stall(1),
        Pause => Faults.Status(529),
        _ => Faults.Stall(6),
    };

    // For what no process tells of when it happens.
    private static async Task EventuallyAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!holds())
            await look.WaitForNextTickAsync(patience.Token);
    }
}
