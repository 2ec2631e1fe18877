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
    private static readonly int Calls = Runs.Of(few: 100, full: 1000);

    public static TheoryData<string> Phases => ["waiting for headers", "before the first event", "in the middle of the stream"];

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task Upstream_sees_every_caller_go_and_nothing_is_kept(string phase)
    {
        await using var house = await House.BuildAsync();
        house.Sandbox.Script(FaultOf(phase).Forever());
        await LeaveAsync(house, phase, ReachAsync, (request, left) =>
        {
            Assert.Equal(Outcome.Aborted, request.Outcome);
            return request.EndedAt!.Value - left;
        });

        async Task ReachAsync(SeenRequest request, AsyncServerStreamingCall<StreamCompleteResponse> call)
        {
            if (phase == "before the first event")
                await EventuallyAsync(() => request.EventsSent == 1);
            while (phase == "in the middle of the stream" && await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                if (call.ResponseStream.Current.BlockDelta is not null)
                    return;
            }
        }
    }

    [Fact]
    public async Task A_pause_before_a_repeat_ends_with_its_caller()
    {
        await using var house = await House.BuildAsync();
        house.Sandbox.Script(Faults.Status(529).Forever());
        await LeaveAsync(house, "in a pause before a repeat", (request, _) => request.Finished, Nothing);
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

    private async Task LeaveAsync(
        House house, string phase, Func<SeenRequest, AsyncServerStreamingCall<StreamCompleteResponse>, Task> reach, Func<SeenRequest, DateTimeOffset, TimeSpan?> check)
    {
        var server = await house.ServeAsync();
        using var channel = house.Connect();
        await House.OnboardAsync(channel, "anthropic:one", House.KeyOne);
        var models = new ModelService.ModelServiceClient(channel);

        // What a server needs to be warm (compiled code, room for garbage) is no loss; connections whose answers were whole wait for the
        // next calls.
        var (sockets, idle) = (Belongings.Sockets(server.Id), check == Nothing ? AtOnce : 0);
        await LeaveTimesAsync(Runs.Of(few: 100, full: 3000));
        await EventuallyAsync(() => house.Sandbox.OpenConnections <= idle && Belongings.Sockets(server.Id) <= sockets + idle);
        var (threads, memory) = (Belongings.Threads(server.Id), Belongings.WorkingSet(server.Id));
        var latencies = await LeaveTimesAsync(Calls);
        await EventuallyAsync(() => house.Sandbox.OpenConnections <= idle && Belongings.Sockets(server.Id) <= sockets + idle);
        var after = Belongings.WorkingSet(server.Id);
        var median = latencies.Order().ElementAtOrDefault(latencies.Count / 2);
        output.WriteLine($"{Calls} callers left {phase}; {latencies.Count} aborts seen upstream, after {median.TotalMilliseconds:0.0} ms at the median and {latencies.DefaultIfEmpty().Max().TotalMilliseconds:0.0} ms at most; "
            + $"sockets {sockets} and {Belongings.Sockets(server.Id)}, threads {threads} and {Belongings.Threads(server.Id)}, working set {memory} and {after} kB");
        Assert.True(!Runs.InFull || after <= memory * 1.1, $"{memory} kB before and {after} kB after");
        Assert.DoesNotContain("rror", server.Error, StringComparison.Ordinal);

        async Task<List<TimeSpan>> LeaveTimesAsync(int times)
        {
            var latencies = new List<TimeSpan>();
            for (var left = 0; left < times; left += AtOnce)
            {
                house.Sandbox.ClearRequests();
                latencies.AddRange((await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(OneAsync))).OfType<TimeSpan>());
                Assert.All(house.Sandbox.Requests, request => Assert.NotEqual(Outcome.Open, request.Outcome));
            }

            return latencies;
        }

        async Task<TimeSpan?> OneAsync(int number)
        {
            using var leave = new CancellationTokenSource();
            using var call = models.StreamComplete(new StreamCompleteRequest { Input = Input($"caller {number};") }, cancellationToken: leave.Token);
            bool IsMine(SeenRequest request) => System.Text.Encoding.UTF8.GetString(request.Body.Span).Contains($"caller {number};", StringComparison.Ordinal);
            var mine = (await house.Sandbox.WaitUntilAsync(requests => requests.Any(IsMine))).First(IsMine);
            await reach(mine, call);
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

    private static CompletionInput Input(string prompt)
    {
        var message = new Message { Role = Role.User, Content = { new ContentBlock { Text = new TextBlock { Text = prompt } } } };
        return new CompletionInput { Messages = new MessagesRequest { Messages = { message } } };
    }

    private static Fault FaultOf(string phase) => phase switch
    {
        "waiting for headers" => Faults.StallBeforeHeaders(),
        "before the first event" => Faults.Stall(1),
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
