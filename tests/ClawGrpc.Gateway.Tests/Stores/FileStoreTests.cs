using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Stores;

/// <summary>The contract, over files.</summary>
public sealed class FileStoreTests : StateStoreContract, IDisposable
{
    private static readonly LockTiming Timing = new()
    {
        Stale = TimeSpan.FromSeconds(2),
        FirstDelay = TimeSpan.FromMilliseconds(1),
        MaxDelay = TimeSpan.FromMilliseconds(20),
        Retries = 2_000,
    };

    private readonly TestFolder _folder = new();
    private readonly List<FileStore> _stores = [];
    private readonly StateFolder _state;

    public FileStoreTests() => _state = StateFolder.Resolve(_folder.Path, _ => null, "/");

    private protected override string Configuration => _state.ConfigPath;

    public void Dispose()
    {
        foreach (var store in _stores)
            store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Lease_leaves_no_file_behind()
    {
        var store = Open();
        await (await store.LeaseAsync(Agent, "any/id: of a profile")).DisposeAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_state.AgentDir(Agent)));
    }

    [Fact]
    public async Task Opening_an_agent_removes_leases_of_a_killed_process()
    {
        await DieWithLeaseAsync("anthropic:one");
        Assert.Single(Directory.EnumerateFileSystemEntries(_state.AgentDir(Agent)));
        await Open().OpenAsync(Agent);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_state.AgentDir(Agent)));
    }

    [Fact]
    public async Task Configured_directory_of_an_agent_is_used()
    {
        using var store = new FileStore(_state, _ => _folder["elsewhere"], TimeProvider.System);
        await store.UpdateAsync(Agent, _ => []);
        Assert.Equal(_folder["elsewhere/auth-profiles.json"], store.PlaceOf(Agent));
    }

    private protected override IStateStore Open()
    {
        var store = new FileStore(_state, _ => null, TimeProvider.System, Timing);
        _stores.Add(store);
        return store;
    }

    private protected override Task BreakAsync() => File.WriteAllTextAsync(_state.AuthProfilesPath(Agent), "{ \"profiles\": ");

    private protected override Task<string> DumpAsync() => File.ReadAllTextAsync(_state.AuthProfilesPath(Agent));

    private protected override async Task DieWithLeaseAsync(string profileId)
    {
        using var process = new StateHammerProcess("lease", _folder.Path, Agent, profileId);
        await process.ReadLineAsync();
        await process.KillAsync();
    }
}
