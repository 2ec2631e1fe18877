using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;
using ClawGrpc.EndToEnd.Tests;
using ClawGrpc.Testing;

/// <summary>
/// What a .NET process can be asked from the inside only. Named in <c>DOTNET_STARTUP_HOOKS</c>, these tests are loaded into
/// clawgrpc, where a thread answers on a Unix socket and sleeps otherwise. The runtime prescribes name and place of the type.
/// </summary>
internal static class StartupHook
{
    /// <summary>The variable that names the socket.</summary>
    public const string Variable = "CLAWGRPC_TEST_INSIDES";

    private static readonly ConcurrentDictionary<string, long> Requests = [];
    private static readonly Lazy<MeterListener> Meters = new(Listen);
    private static readonly Lazy<RentedArrays> Arrays = new(() => new RentedArrays());

    // What a debugger lists tasks by: every task from its start, or an asynchronous method from its first wait, to its end.
    private static readonly IDictionary Tasks = ActiveTasks();

    /// <summary>Called by the runtime, in clawgrpc, before its own <c>Main</c>.</summary>
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } path)
            return;
        _ = (Meters.Value, Arrays.Value);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        new Thread(() => AnswerAll(listener)) { IsBackground = true }.Start();
    }

    private static void AnswerAll(Socket listener)
    {
        while (true)
        {
            using var asked = listener.Accept();
            var managed = Alive.Bytes();
            asked.Send(JsonSerializer.SerializeToUtf8Bytes(
                new RuntimeSnapshot(
                    managed, Timer.ActiveCount, Arrays.Value.Count, new Dictionary<string, long>(Requests), Unfinished())));
        }
    }

    private static Dictionary<string, int> Unfinished()
    {
        // The dictionary is its own lock.
        lock (Tasks)
        {
            return Tasks.Values.Cast<object>().GroupBy(task => $"{task.GetType()}")
                .ToDictionary(same => same.Key, same => same.Count());
        }
    }

    private static IDictionary ActiveTasks()
    {
        var (on, all) = (FieldOf("s_asyncDebuggingEnabled"), FieldOf("s_currentActiveTasks"));
        on.SetValue(null, true);
        _ = Task.Delay(1);
        return (IDictionary)all.GetValue(null)!;
    }

    private static FieldInfo FieldOf(string name) => typeof(Task).GetField(name, BindingFlags.NonPublic | BindingFlags.Static)
        ?? throw new InvalidOperationException($"This runtime keeps no {name}: count unfinished tasks in another way.");

    private static MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, meters) =>
            {
                if (instrument.Name is "http.server.active_requests" or "http.client.active_requests"
                    or "http.client.open_connections" or "kestrel.active_connections")
                {
                    meters.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, change, _, _) => Requests.AddOrUpdate(instrument.Name, change, (_, sum) => sum + change));
        listener.Start();
        return listener;
    }

    /// <summary>Counts the arrays that were rented from the shared pools and not given back.</summary>
    private sealed class RentedArrays : EventListener
    {
        private const int Rented = 1;
        private const int Returned = 3;
        private int _count;

        public int Count => Volatile.Read(ref _count);

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "System.Buffers.ArrayPoolEventSource")
                EnableEvents(eventSource, EventLevel.Verbose);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventId == Rented)
                Interlocked.Increment(ref _count);
            else if (eventData.EventId == Returned)
                Interlocked.Decrement(ref _count);
        }
    }
}
