using System.Collections.Immutable;
using System.Security.Cryptography;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Sealing;

namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// The keys that secrets are sealed with, of the configuration and of systemd. A key that cannot be used stops nothing but what
/// needs it. Safe for many callers at once.
/// </summary>
/// <param name="folder">The state folder.</param>
/// <param name="environment">The value of a variable; null if it is not set.</param>
/// <param name="log">The log.</param>
/// <param name="stateAt">Where it is kept which key is active; null: in the state folder.</param>
/// <param name="keyFile">The file of the first key; null: as configured.</param>
internal sealed partial class SealingKeys(
    StateFolder folder, Func<string, string?> environment, ILogger<SealingKeys> log, SealStateAccess? stateAt = null,
    string? keyFile = null) : IDisposable
{
    private const string Credential = "clawgrpc-seal-key";

    private readonly Lock _gate = new();
    private readonly SealStateAccess _state = stateAt ?? SealStateFile.In(folder.Path);

    private SealConfiguration? _configured;
    private volatile KeyRing _now = KeyRing.None;

    /// <summary>Raised when keys came or went, or another one is active.</summary>
    public event Action? Changed;

    public KeyRing Now => _now;

    /// <summary>The files of the keys, whether or not they are there.</summary>
    public IReadOnlyList<string> Files => [.. _now.Loaded.Select(each => each.Path)];

    /// <summary>Random bytes for one sealing.</summary>
    public static SealMaterial Fresh() => new(
        RandomNumberGenerator.GetBytes(SealingKey.Length),
        RandomNumberGenerator.GetBytes(SealedSecret.NonceLength),
        RandomNumberGenerator.GetBytes(SealedSecret.NonceLength));

    /// <summary>Takes up a configuration.</summary>
    /// <param name="configured">Null if it has no keys.</param>
    /// <param name="origin">The configured upstream.</param>
    public void Use(SealConfiguration? configured, string origin)
    {
        lock (_gate)
        {
            _configured = configured;
            Load(origin);
        }
    }

    /// <summary>Reads the files of the keys again.</summary>
    public void Reload()
    {
        lock (_gate)
            Load(_now.Origin);
    }

    /// <summary>Makes a key the active one. On disk when it returns.</summary>
    /// <exception cref="StateUnreadableException">Which one is active cannot be read; nothing was changed.</exception>
    /// <exception cref="StateNotWrittenException">It cannot be written; nothing was changed.</exception>
    public async Task ActivateAsync(string keyId, CancellationToken cancellation = default)
    {
        await _state.WaitForKeyAsync(keyId, cancellation);
        lock (_gate)
        {
            var state = _state.Read().With(keyId);
            _state.Write(state);
            _now = _now with { State = state, StateProblem = null };
        }

        LogActive(keyId);
        Changed?.Invoke();
    }

    /// <summary>Overwrites the keys: the server has stopped.</summary>
    public void Dispose() => _now.Opening.Erase();

    private void Load(string origin)
    {
        var before = _now;
        var (state, problem) = StateNow();
        ImmutableArray<LoadedKey> loaded =
            [.. Sources().Select(source => Load(source.Path, source.IsPassphrase, source.IsCredential, state, before))];
        var keys = loaded.Select(each => each.Key).OfType<SealingKey>().Where(key => !before.Opening.Keys.ContainsKey(key.Id))
            .DistinctBy(key => key.Id).Select(key => KeyValuePair.Create(key.Id, key)).ToList();
        var passphrases = loaded.Select(each => each.Passphrase).OfType<byte[]>()
            .Where(each => !before.Opening.Passphrases.Any(known => known.AsSpan().SequenceEqual(each))).ToList();
        var opening = keys.Count + passphrases.Count == 0
            ? before.Opening
            : new OpeningKeys(before.Opening.Keys.AddRange(keys), before.Opening.Passphrases.AddRange(passphrases));
        _now = new KeyRing(loaded, opening, state, problem, origin);
        Choose();
        if (_now.Problem is { } wrong && wrong != before.Problem)
            LogProblem(wrong);

        // A secret that does not open says why: that may be another reason now.
        var areSame = before.Loaded.Select(each => each.Problem).SequenceEqual(loaded.Select(each => each.Problem));
        if (!areSame && ReferenceEquals(_now.Opening, before.Opening))
            _now = _now with { Opening = new OpeningKeys(opening.Keys, opening.Passphrases) };
        if (!areSame || !ReferenceEquals(opening, before.Opening) || _now.Active?.Id != before.Active?.Id)
            Changed?.Invoke();
    }

    // The first key is active from its first start on, so that another order of the files does not change that.
    private void Choose()
    {
        if (_now.State.Active is not null || _now.Active is not { } first)
            return;
        var state = _now.State.With(first.Id);
        try
        {
            _state.Write(state);
            _now = _now with { State = state };
        }
        catch (StateNotWrittenException exception)
        {
            LogProblem(exception.Message);
        }
    }

    private (SealState State, string? Problem) StateNow()
    {
        try
        {
            return (_state.Read(), null);
        }
        catch (StateUnreadableException exception)
        {
            var wayOut = exception.IsUnavailable ? "It is read when the database is back."
                : "It was left as it is; mend it or move it away.";
            return (SealState.None, $"{exception.Message} {wayOut}");
        }
    }

    private List<(string Path, bool IsPassphrase, bool IsCredential)> Sources()
    {
        var configured = (_configured?.Sources ?? []).Select(source => (folder.Expand(source.Path), source.IsPassphrase, false));
        var credentials = new List<string>();
        if (environment("CREDENTIALS_DIRECTORY") is { Length: > 0 } directory && Directory.Exists(directory))
        {
            credentials.AddRange(Directory.EnumerateFiles(directory, $"{Credential}*").Order(StringComparer.Ordinal)
                .Where(path => Path.GetFileName(path) is Credential || Path.GetFileName(path).StartsWith(
                    $"{Credential}.", StringComparison.Ordinal)));
        }

        if (keyFile is not null)
            configured = configured.Prepend((keyFile, false, false));
        return [.. configured.Concat(credentials.Select(path => (path, false, true))).DistinctBy(source => source.Item1)];
    }

    private static LoadedKey Load(string path, bool isPassphrase, bool isCredential, SealState state, KeyRing before)
    {
        if (!isPassphrase)
        {
            var (key, problem) = KeyFile.Read(path, isCredential);
            return new LoadedKey(path, key, null, problem);
        }

        var (passphrase, wrong) = KeyFile.ReadPassphrase(path, isCredential);
        if (passphrase is null)
            return new LoadedKey(path, null, null, wrong);
        var same = before.Loaded.FirstOrDefault(
            each => each.Path == path && each.Passphrase is { } known && known.AsSpan().SequenceEqual(passphrase));
        return same ?? new LoadedKey(path, Derive(passphrase, state), passphrase, null);
    }

    // The key that the passphrase came to before; else one with a new salt.
    private static SealingKey Derive(byte[] passphrase, SealState state)
    {
        foreach (var id in state.Earlier.Prepend(state.Active ?? ""))
        {
            if (PassphraseKey.TryParse(id, out var known) && SealingKey.Of(passphrase, known) is var key && key.Id == id)
                return key;
        }

        return SealingKey.Of(passphrase, new PassphraseKey(
            PassphraseKey.UsualIterations, [.. RandomNumberGenerator.GetBytes(PassphraseKey.SaltLength)]));
    }

    [LoggerMessage(52, LogLevel.Warning, "New secrets cannot be sealed: {Why}")]
    private partial void LogProblem(string why);

    [LoggerMessage(53, LogLevel.Information, "New secrets are sealed with {KeyId}")]
    private partial void LogActive(string keyId);
}
