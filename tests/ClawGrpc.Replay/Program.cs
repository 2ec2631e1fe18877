using System.Diagnostics;
using ClawGrpc.Client;
using ClawGrpc.Replay;
using ClawGrpc.Testing;

// Replays a folder of recordings through the server program. Arguments: the folder, and a seed for the sizes of the pieces.
// Exit 0: all came out as recorded. 1: one did not, or there is none.
var folder = Path.GetFullPath(args.Length > 0 ? args[0] : RecordedFolders.All[^1]);
var seed = args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : Random.Shared.Next();
if (!Directory.Exists(folder))
    return Say($"no folder {folder}", 1);
var recordings = RecordingFolder.Read(folder);
if (recordings.Count == 0)
    return Say($"no recordings in {folder}", 1);
Console.WriteLine($"replaying {recordings.Count} recordings of {folder} with the seed {seed}");

await using var sandbox = await Sandbox.StartAsync();
await using var server = await ServerProcess.StartAsync(sandbox.BaseUrl);
using var channel = ClawGrpcChannel.Create(ClawGrpcEndpoint.Parse(server.Endpoint));
using var http = server.NewHttp();
var replayer = new Replayer(sandbox, channel, http, new Random(seed));
await replayer.BeginAsync();
var clock = Stopwatch.StartNew();
var failed = 0;
foreach (var recording in recordings)
{
    try
    {
        Console.WriteLine($"ok    {recording.Name}: {await replayer.ReplayAsync(recording)}");
    }
    catch (Exception exception)
    {
        failed++;
        Console.WriteLine($"FAIL  {recording.Name}: {(exception is ReplayException ? exception.Message : exception)}");
    }
}

var kinds = recordings.GroupBy(recording => recording.Kind).OrderBy(kind => kind.Key)
    .Select(kind => $"{kind.Count()} {kind.Key.ToString().ToLowerInvariant()}");
var requests = recordings.Count(recording => recording.Request is not null);
return Say($"{string.Join(", ", kinds)}; {requests} with their request; {clock.Elapsed.TotalSeconds:0} "
    + $"s\n{recordings.Count - failed} passed, {failed} failed", failed > 0 ? 1 : 0);

static int Say(string text, int code)
{
    Console.WriteLine(text);
    return code;
}
