using System.Globalization;
using System.Runtime.CompilerServices;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;
using Xunit.Abstractions;

namespace ClawGrpc.Gateway.Tests.Stores;

/// <summary>
/// Two processes of this program, killed again and again, and one that writes as OpenClaw does, on one file. Each counts under
/// its own name and under one of all, so that a lost update shows in a sum. <c>tests/openclaw/locks/run.sh</c> runs it with the
/// lock of npm and more often.
/// </summary>
public sealed class SharedFileTests(ITestOutputHelper output) : IDisposable
{
    // What a killed process holds is waited for. Shorter, and a machine that is busy makes living ones look dead.
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(5);
    private static readonly int Updates = int.Parse(
        Environment.GetEnvironmentVariable("LOCK_UPDATES") ?? $"{Runs.Of(few: 45, full: 150)}", CultureInfo.InvariantCulture);
    private readonly TestFolder _folder = new();
    private int _kills;

    private string File => _folder["auth-profiles.json"];

    public void Dispose() => _folder.Dispose();

    [NeedsFact("node", "the other writer locks as OpenClaw does")]
    public async Task Nothing_is_lost_and_the_file_can_always_be_read()
    {
        await System.IO.File.WriteAllTextAsync(File, """{ "version": 1, "profiles": {}, "theirs": [1, 2] }""");
        using var stop = new CancellationTokenSource();
        var reads = ReadAsync(stop.Token);
        var share = Updates / 3;
        var (ours, other, theirs) = (KilledAsync(
            "ours", share, new Random(1)), KilledAsync("other", share, new Random(2)), TheirsAsync(Updates - (2 * share)));
        await Task.WhenAll(ours, other, theirs);
        await stop.CancelAsync();

        using var store = new AgentStore(File, TimeProvider.System);
        var end = await store.ReadAsync();
        output.WriteLine($"{Sum(end)} updates, {_kills} kills, {await reads} reads");
        Assert.Equal(await theirs, Count(end, "theirs"));

        // What a process did and could not tell of before it was killed may be there too.
        Assert.InRange(Count(end, "ours"), await ours, await ours + 1);
        Assert.InRange(Count(end, "other"), await other, await other + 1);
        Assert.Equal(Sum(end), Count(end, "shared"));
        Assert.True(Sum(end) >= Updates);
        Assert.Contains(
            "\"theirs\": [\n    1,\n    2\n  ]", await System.IO.File.ReadAllTextAsync(File), StringComparison.Ordinal);
    }

    // Its last number. Each number follows the one before it, but for one that a kill kept it from telling.
    private async Task<int> KilledAsync(string name, int updates, Random random)
    {
        var last = 0;
        while (last < updates)
        {
            using var hammer = new StateHammerProcess("share", File, name, $"{Stale.TotalMilliseconds}");
            var told = new List<string>();
            for (var lines = Math.Min(updates - last, random.Next(1, 40)); lines > 0; lines--)
                told.Add(await hammer.ReadLineAsync());
            Thread.SpinWait(random.Next(200_000));
            told.AddRange(await hammer.KillAsync());
            Interlocked.Increment(ref _kills);
            foreach (var number in told.Select(line => int.Parse(line, CultureInfo.InvariantCulture)))
            {
                Assert.InRange(
                    number, last + 1, number == int.Parse(told[0], CultureInfo.InvariantCulture) ? last + 2 : last + 1);
                last = number;
            }
        }

        return last;
    }

    private async Task<int> TheirsAsync(int updates)
    {
        var script = Path.Join(Environment.GetEnvironmentVariable("PROPER_LOCKFILE") ?? ScriptFolder(), "writer.mjs");
        using var writer = StateHammerProcess.OfNode(script, File, "theirs", $"{updates}", $"{Stale.TotalMilliseconds}");
        for (var expected = 1; expected <= updates; expected++)
            Assert.Equal($"{expected}", await writer.ReadLineAsync());
        return updates;
    }

    private async Task<int> ReadAsync(CancellationToken stop)
    {
        using var store = new AgentStore(File, TimeProvider.System);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        var (reads, before) = (0, 0);
        for (; !stop.IsCancellationRequested; reads++)
        {
            var now = await store.ReadAsync(CancellationToken.None);
            Assert.Equal(Sum(now), Count(now, "shared"));
            Assert.InRange(Count(now, "shared"), before, int.MaxValue);
            before = Count(now, "shared");
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        return reads;
    }

    private static int Sum(ProfileStore store) => Count(store, "ours") + Count(store, "other") + Count(store, "theirs");

    private static int Count(ProfileStore store, string name) => store.HealthOf(name).ErrorCount;

    private static string ScriptFolder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Join(Path.GetDirectoryName(here), "../../openclaw/locks"));
}
