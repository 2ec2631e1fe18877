using System.Net.Sockets;
using System.Text.Json;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>What a process has under way and in hand, as it tells itself (<see cref="StartupHook"/>).</summary>
/// <param name="ManagedBytes">What is alive after a full collection.</param>
/// <param name="Timers">Timers that are set.</param>
/// <param name="RentedArrays">Arrays that were rented and not given back.</param>
/// <param name="Requests">The runtime's own gauges of requests and connections.</param>
/// <param name="Tasks">How many tasks of each kind have not ended.</param>
internal sealed record RuntimeSnapshot(
    long ManagedBytes, long Timers, int RentedArrays, Dictionary<string, long> Requests, Dictionary<string, int> Tasks)
{
    public int UnfinishedTasks => Tasks.Values.Sum();

    /// <summary>Asks a process that was started with <see cref="StartupHook.Variable"/>.</summary>
    public static RuntimeSnapshot Of(string socketPath)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(socketPath));
        using var stream = new NetworkStream(socket);
        return JsonSerializer.Deserialize<RuntimeSnapshot>(stream)!;
    }

    /// <summary>What there is more of than before.</summary>
    public string MoreThan(RuntimeSnapshot before) =>
        string.Join("; ", Tasks.Where(task => task.Value > before.Tasks.GetValueOrDefault(task.Key))
        .Select(task => $"{task.Value - before.Tasks.GetValueOrDefault(task.Key)} {task.Key}"));

    public override string ToString() =>
        $"{UnfinishedTasks} unfinished tasks, {Timers} timers, {RentedArrays} rented arrays, {ManagedBytes / 1024} kB alive, "
            + string.Join(
                ", ", Requests.OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => $"{each.Key} {each.Value}"));
}
