using System.Globalization;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Stores;

/// <summary>What real processes leave behind that are killed, or that work on the same files.</summary>
public sealed class CrashTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_process_leaves_a_whole_file_with_acknowledged_data()
    {
        var state = StateFolder.Resolve(_folder.Path, _ => null, "/");
        var path = state.AuthProfilesPath("main");
        using var store = new AgentStore(path, TimeProvider.System);
        var random = new Random(1);
        for (var kill = 0; kill < Runs.Of(few: 3, full: 200); kill++)
        {
            var acknowledged = new Dictionary<int, int>();
            using (var hammer = new StateHammerProcess("put", path))
            {
                for (var lines = random.Next(1, 40); lines > 0; lines--)
                {
                    Acknowledge(acknowledged, await hammer.ReadLineAsync());
                    _ = await store.ReadAsync();
                }

                Thread.SpinWait(random.Next(200_000));
                foreach (var line in await hammer.KillAsync())
                    Acknowledge(acknowledged, line);
            }

            AssertHolds(await store.ReadAsync(), acknowledged);

            // The next one need not wait until the lock is stale.
            ServerLock.Acquire(state).Dispose();
            Assert.Equal([path], Directory.EnumerateFileSystemEntries(state.AgentDir("main")));
        }
    }

    [Fact]
    public async Task Two_processes_that_write_the_same_file_lose_nothing()
    {
        var path = _folder["auth-profiles.json"];
        using (StateHammerProcess one = new("count", path, "100"), two = new("count", path, "100"))
        {
            Assert.Equal("100", await one.ReadLineAsync());
            Assert.Equal("100", await two.ReadLineAsync());
        }

        using var store = new AgentStore(path, TimeProvider.System);
        Assert.Equal(200, (await store.ReadAsync()).HealthOf("shared").ErrorCount);
        Assert.Equal(["auth-profiles.json"], _folder.Names);
    }

    [Fact]
    public async Task Folder_has_one_server_until_that_ends_in_any_way()
    {
        var state = StateFolder.Resolve(_folder.Path, _ => null, "/");
        using var hammer = new StateHammerProcess("serve", _folder.Path);
        var holder = await hammer.ReadLineAsync();
        var error = Assert.Throws<StateFolderInUseException>(() => ServerLock.Acquire(state));
        Assert.Equal((_folder.Path, holder), (error.Folder, error.Holder));
        Assert.Equal($"Another clawgrpc server (process {holder}) works on the state folder {_folder.Path}. Its lock is "
            + $"{_folder["clawgrpc.lock"]}.", error.Message);

        await hammer.KillAsync();
        using (ServerLock.Acquire(state))
        {
            Assert.Equal(AtomicFile.OwnerOnly, File.GetUnixFileMode(state.ServerLockPath));
            error = Assert.Throws<StateFolderInUseException>(() => ServerLock.Acquire(state));
            Assert.Equal(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), error.Holder);
        }

        using var again = ServerLock.Acquire(state);
    }

    [Fact]
    public void A_folder_that_cannot_be_locked_is_no_folder_in_use()
    {
        var state = StateFolder.Resolve(_folder["none"], _ => null, "/");
        Assert.ThrowsAny<IOException>(() => ServerLock.Acquire(state));
        Directory.CreateDirectory(state.ServerLockPath);
        Assert.ThrowsAny<Exception>(() => ServerLock.Acquire(state));
    }

    // The hammer goes round and round over 20 profiles: of each, the last round counts.
    private static void Acknowledge(Dictionary<int, int> acknowledged, string line)
    {
        var round = int.Parse(line, CultureInfo.InvariantCulture);
        acknowledged[round % 20] = round;
    }

    private static void AssertHolds(ProfileStore store, Dictionary<int, int> acknowledged) => Assert.All(acknowledged, promise =>
    {
        var key = ((ApiKeyCredential)store.Find($"anthropic:{promise.Key}")!.Credential).Key!.Reveal();
        Assert.True(int.Parse(key[..key.IndexOf('-', StringComparison.Ordinal)], CultureInfo.InvariantCulture) >= promise.Value);
    });
}
