using System.Net;
using System.Net.Sockets;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Xunit.Abstractions;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>Many callers that leave, in every phase of a completion: upstream sees each of them go, and the server keeps nothing of them.</summary>
public class LeavingTests(ITestOutputHelper output)
{
    private const int AtOnce = 20;
    private const string Pause = "in a pause before a repeat";
    private static readonly int Calls = Runs.Of(few: 100, full: 1000);

    public static TheoryData<string> Phases => ["waiting for headers", "before the first event", "in the middle of the stream"];

    public static TheoryData<string> AllPhases => ["waiting for headers", "before the first event", "in the middle of the stream", Pause];

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task Upstream_sees_every_caller_go_and_nothing_is_kept(string phase)
    {
        await using var house = await House.BuildAsync();
        house.Sandbox.Script(FaultOf(phase).Forever());
        await LeaveAsync(house, phase, (request, left) =>
        {
            Assert.Equal(Outcome.Aborted, request.Outcome);
            return request.EndedAt!.Value - left;
        });
    }

    [Fact]
    public async Task A_pause_before_a_repeat_ends_with_its_caller()
    {
        await using var house = await House.BuildAsync();
        house.Sandbox.Script(FaultOf(Pause).Forever());
        await LeaveAsync(house, Pause, Nothing);
    }

    // Counted inside the server, where a task that waits for good, a timer that is still set and an array that nobody gave back can be seen.
    [Theory]
    [MemberData(nameof(AllPhases))]
    public async Task Nothing_of_those_who_left_is_under_way_or_in_hand(string phase)
    {
        await using var house = await House.BuildAsync();
        house.Sandbox.Script(FaultOf(phase).Forever());
        var socket = Path.Join(house.Path, "insides.sock");
        await house.ServeAsync(new Dictionary<string, string> { ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location, [StartupHook.Variable] = socket });
        using var channel = house.Connect();
        await House.OnboardAsync(channel, "anthropic:one", House.KeyOne);
        var models = new ModelService.ModelServiceClient(channel);
        await LeaveTimesAsync(house, models, phase, Nothing, Calls);
        await EventuallyAsync(() => house.Sandbox.OpenConnections <= (phase == Pause ? AtOnce : 0));
        var before = Insides.Of(socket);
        var amid = before;
        await LeaveTimesAsync(house, models, phase, Nothing, Calls, () => amid = Insides.Of(socket));
        var after = before;
        await EventuallyAsync(() => (after = Insides.Of(socket)).MoreThan(before).Length == 0 && after.RentedArrays <= before.RentedArrays && after.Timers <= before.Timers);
        output.WriteLine($"{Calls} callers left {phase}\n  before: {before}\n  amid:   {amid}\n  after:  {after}");

        // Those who are there are counted, or the count would prove nothing.
        Assert.InRange(amid.UnfinishedTasks, before.UnfinishedTasks + 1, int.MaxValue);
        Assert.InRange(amid.Requests["http.server.active_requests"], 1, AtOnce);
        Assert.Equal((0, 0), (after.Requests["http.server.active_requests"], after.Requests["http.client.active_requests"]));
        Assert.True(!Runs.InFull || after.ManagedBytes < before.ManagedBytes + (512 * 1024), $"{before.ManagedBytes} bytes before and {after.ManagedBytes} after");
    }

    [Fact]
    public async Task Connections_that_are_still_being_made_are_given_up()
    {
        // Nobody accepts, and the queue is full: whoever connects waits.
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(0);
        var port = ((IPEndPoint)deaf.LocalEndPoint!).Port;
        var filling = Enumerable.Range(0, 4).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToList();
        filling.ForEach(socket => _ = socket.ConnectAsync(deaf.LocalEndPoint!));
        await EventuallyAsync(() => Belongings.Connecting(port) > 0);

        await using var house = await House.BuildAsync();
        await house.ConfigureAsync($"{{ models: {{ providers: {{ anthropic: {{ baseUrl: 'http://127.0.0.1:{port}', models: [] }} }} }} }}\n");
        var server = await house.ServeAsync();
        using var channel = house.Connect();
        await House.OnboardAsync(channel, "anthropic:one", House.KeyOne);
        var (before, waiting) = (Belongings.Sockets(server.Id), Belongings.Connecting(port));
        var models = new ModelService.ModelServiceClient(channel);
        for (var left = 0; left < Calls; left += AtOnce)
        {
            using var leave = new CancellationTokenSource();
            var calls = Enumerable.Range(0, AtOnce).Select(_ => models.CompleteAsync(new CompleteRequest { Input = Input("connecting") }, cancellationToken: leave.Token).ResponseAsync).ToList();
            await EventuallyAsync(() => Belongings.Connecting(port) >= waiting + AtOnce);
            await leave.CancelAsync();
            foreach (var call in calls)
                Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
        }

        // The runtime gives an attempt to connect that nobody waits for any more five seconds.
        filling.ForEach(socket => socket.Dispose());
        await EventuallyAsync(() => Belongings.Connecting(port) == 0 && Belongings.Sockets(server.Id) <= before);
        output.WriteLine($"{Calls} callers left while connecting; sockets {before} before, {Belongings.Sockets(server.Id)} after");
    }

    // There is nothing under way that could be given up.
    private static TimeSpan? Nothing(SeenRequest request, DateTimeOffset left) => null;

    private async Task LeaveAsync(House house, string phase, Func<SeenRequest, DateTimeOffset, TimeSpan?> check)
    {
        var server = await house.ServeAsync();
        using var channel = house.Connect();
        await House.OnboardAsync(channel, "anthropic:one", House.KeyOne);
        var models = new ModelService.ModelServiceClient(channel);

        // What a server needs to be warm (compiled code, room for garbage) is no loss; connections whose answers were whole wait for the
        // next calls.
        var (sockets, idle) = (Belongings.Sockets(server.Id), phase == Pause ? AtOnce : 0);
        await LeaveTimesAsync(house, models, phase, check, Runs.Of(few: 100, full: 3000));
        await EventuallyAsync(() => house.Sandbox.OpenConnections <= idle && Belongings.Sockets(server.Id) <= sockets + idle);
        var (threads, memory) = (Belongings.Threads(server.Id), Belongings.WorkingSet(server.Id));
        var latencies = await LeaveTimesAsync(house, models, phase, check, Calls);
        await EventuallyAsync(() => house.Sandbox.OpenConnections <= idle && Belongings.Sockets(server.Id) <= sockets + idle);
        var after = Belongings.WorkingSet(server.Id);
        var median = latencies.Order().ElementAtOrDefault(latencies.Count / 2);
        output.WriteLine($"{Calls} callers left {phase}; {latencies.Count} aborts seen upstream, after {median.TotalMilliseconds:0.0} ms at the median and {latencies.DefaultIfEmpty().Max().TotalMilliseconds:0.0} ms at most; "
            + $"sockets {sockets} and {Belongings.Sockets(server.Id)}, threads {threads} and {Belongings.Threads(server.Id)}, working set {memory} and {after} kB");
        Assert.True(!Runs.InFull || after <= memory * 1.1, $"{memory} kB before and {after} kB after");
        Assert.DoesNotContain("rror", server.Error, StringComparison.Ordinal);
    }

    private static async Task<List<TimeSpan>> LeaveTimesAsync(
        House house, ModelService.ModelServiceClient models, string phase, Func<SeenRequest, DateTimeOffset, TimeSpan?> check, int times, Action? amid = null)
    {
        var latencies = new List<TimeSpan>();
        for (var left = 0; left < times; left += AtOnce)
        {
            house.Sandbox.ClearRequests();
            latencies.AddRange((await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(OneAsync))).OfType<TimeSpan>());
            Assert.All(house.Sandbox.Requests, request => Assert.NotEqual(Outcome.Open, request.Outcome));
        }

        return latencies;

        async Task<TimeSpan?> OneAsync(int number)
        {
            using var leave = new CancellationTokenSource();
            using var call = models.StreamComplete(new StreamCompleteRequest { Input = Input($"caller {number};") }, cancellationToken: leave.Token);
            bool IsMine(SeenRequest request) => System.Text.Encoding.UTF8.GetString(request.Body.Span).Contains($"caller {number};", StringComparison.Ordinal);
            var mine = (await house.Sandbox.WaitUntilAsync(requests => requests.Any(IsMine))).First(IsMine);
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
