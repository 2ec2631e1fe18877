using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Gateway.Tests.Stores;
using ClawGrpc.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClawGrpc.Gateway.Tests.Sealing;

/// <summary>The contract, over files with sealed secrets.</summary>
public sealed class SealedFileStoreTests : StateStoreContract, IDisposable
{
    private static readonly LockTiming Timing = new()
    {
        Stale = TimeSpan.FromSeconds(2),
        FirstDelay = TimeSpan.FromMilliseconds(1),
        MaxDelay = TimeSpan.FromMilliseconds(20),
        Retries = 2_000,
    };

    private readonly TestFolder _folder = new();
    private readonly SealKeys _files = new();
    private readonly List<IDisposable> _opened = [];
    private readonly StateFolder _state;

    public SealedFileStoreTests() => _state = StateFolder.Resolve(_folder.Path, _ => null, "/");

    private protected override string Configuration => _state.ConfigPath;

    public void Dispose()
    {
        _opened.ForEach(each => each.Dispose());
        _files.Dispose();
        _folder.Dispose();
    }

    private protected override IStateStore Open()
    {
        var keys = new SealingKeys(_state, _ => null, NullLogger<SealingKeys>.Instance);
        keys.Use(new SealConfiguration([new KeySource(_files.Old, false)]), "https://api.anthropic.com");
        var store = new FileStore(_state, _ => null, TimeProvider.System, Timing, keys);
        _opened.AddRange([store, keys]);
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
