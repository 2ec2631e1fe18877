using System.Globalization;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Gateway.Tests.Stores;
using ClawGrpc.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClawGrpc.Gateway.Tests.Sealing;

/// <summary>What is left of a process that was killed while it sealed, unsealed or changed the key.</summary>
public sealed class SealCrashTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly SealKeys _keys = new();

    public void Dispose()
    {
        _keys.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Killed_process_leaves_every_secret_open()
    {
        var random = new Random(3);
        var state = StateFolder.Resolve(_folder.Path, _ => null, "/");
        for (var kill = 0; kill < Runs.Of(few: 5, full: 200); kill++)
        {
            var acknowledged = new Dictionary<int, int>();
            using (var hammer = new StateHammerProcess("seal", _folder.Path, _keys.Old, _keys.New))
            {
                for (var lines = random.Next(1, 40); lines > 0; lines--)
                    Acknowledge(acknowledged, await hammer.ReadLineAsync());
                Thread.SpinWait(random.Next(400_000));
                foreach (var line in await hammer.KillAsync())
                    Acknowledge(acknowledged, line);
            }

            await AssertOpenAsync(state, acknowledged);
        }
    }

    private static void Acknowledge(Dictionary<int, int> acknowledged, string line)
    {
        var round = int.Parse(line, CultureInfo.InvariantCulture);
        acknowledged[round % 20] = round;
    }

    // Also by a process that knows nothing but the files.
    private async Task AssertOpenAsync(StateFolder state, Dictionary<int, int> acknowledged)
    {
        ServerLock.Acquire(state).Dispose();
        var keys = new SealingKeys(state, _ => null, NullLogger<SealingKeys>.Instance);
        keys.Use(
            new SealConfiguration([new KeySource(_keys.Old, false), new KeySource(_keys.New, false)]),
            "https://api.anthropic.com");
        Assert.NotNull(keys.Now.Active);
        using var store = new FileStore(state, _ => null, TimeProvider.System, keys: keys);
        var profiles = await store.ReadAsync("main");
        Assert.All(profiles.Profiles, profile => Assert.Null(profile.Credential.SealProblem));
        Assert.All(acknowledged, promise =>
        {
            var key = ((ApiKeyCredential)profiles.Find($"anthropic:{promise.Key}")!.Credential).Key!.Reveal();
            Assert.True(int.Parse(key.Split('-')[0], CultureInfo.InvariantCulture) >= promise.Value);
        });
        Assert.DoesNotContain(
            Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories),
            path => path.EndsWith(".tmp", StringComparison.Ordinal));
    }
}
