using System.Collections.Immutable;
using System.Security.Cryptography;
using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Access;

/// <summary>The clients: those of the configuration and those that were created, and which of them a proof leads to.</summary>
internal sealed partial class Clients : IAsyncDisposable
{
    private readonly IStateStore _store;
    private readonly LiveConfiguration _configuration;
    private readonly TimeProvider _time;
    private readonly ILogger<Clients> _log;
    private readonly byte[] _pepper;
    private readonly TokenUse _use;
    private readonly Lock _taking = new();

    // From the store to the directory, so that what was stored earlier never replaces what was stored later.
    private readonly SemaphoreSlim _gate = new(1);
    private volatile StoredClients _stored = StoredClients.None;
    private volatile ImmutableHashSet<string> _authorities = [];
    private volatile ClientDirectory _directory = new([], Posix.EffectiveUser());

    public Clients(
        IStateStore store, LiveConfiguration configuration, ServerKey key, TimeProvider time, ILogger<Clients> log)
    {
        (_store, _configuration, _time, _log) = (store, configuration, time, log);
        _pepper = key.For("tokens");
        _use = new TokenUse(time, WriteUseAsync);
        configuration.Changed += () => Take(null);
    }

    /// <summary>Raised once a client may do less or more than before, or is gone.</summary>
    public event Action? Changed;

    /// <summary>The clients now.</summary>
    public ClientDirectory Directory => _directory;

    /// <summary>Reads the stored clients.</summary>
    /// <exception cref="StateUnreadableException">They cannot be read. Those of before stay.</exception>
    public async Task LoadAsync()
    {
        await _gate.WaitAsync();
        try
        {
            Take(await _store.ReadClientsAsync());
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Reads them again; what cannot be read leaves those of before.</summary>
    public async Task ReloadAsync()
    {
        try
        {
            await LoadAsync();
        }
        catch (StateUnreadableException exception)
        {
            LogKept(exception.Message);
        }
    }

    /// <summary>Takes certificates of these authorities alone, from now on: <see cref="TrustedParties.Authorities"/>.</summary>
    public void Trust(ImmutableHashSet<string> authorities)
    {
        if (authorities.SetEquals(_authorities))
            return;
        _authorities = authorities;
        Take(null);
    }

    /// <summary>What a token proves; null if the text is no token.</summary>
    public Proof.Token? ProofOf(string token) => TokenText.Parse(token) is { } text
        ? new Proof.Token(text.Id, [.. text.HashWith(_pepper)])
        : null;

    /// <summary>The caller of a proof, or why it leads to none, which is for the log alone.</summary>
    public (Caller? Caller, string Why) Find(Proof proof)
    {
        var now = _time.GetUtcNow();
        var found = _directory.Find(proof, now);
        if (found.Caller?.Token is { } token)
            _use.Note(token, now);
        return found;
    }

    /// <summary>Adds a client.</summary>
    /// <exception cref="RefusedException">There is one of this name.</exception>
    public async Task<Client> AddAsync(Client client, CancellationToken cancellation)
    {
        RefuseConfigured(client.Name);
        var added = client with { Created = _time.GetUtcNow() };
        await ChangeAsync(
            stored => stored.Clients.Any(each => each.Name == client.Name)
                ? throw AccessRefusals.ClientExists(client.Name).ToException()
                : stored.Clients.Length >= ClientRules.MostClients
                    ? throw Refusal.InvalidField("client", $"There are {ClientRules.MostClients} clients, and no more may be")
                        .ToException()
                    : stored.With(added),
            cancellation);
        return added;
    }

    /// <summary>Replaces what a client may do.</summary>
    /// <exception cref="RefusedException">There is none of this name, or the configuration has it.</exception>
    public async Task<Client> UpdateAsync(Client client, CancellationToken cancellation)
    {
        RefuseConfigured(client.Name);
        var stored = await ChangeAsync(
            stored => stored.Clients.FirstOrDefault(each => each.Name == client.Name) is { } known
                ? stored.With(client with { Created = known.Created })
                : throw AccessRefusals.ClientNotFound(client.Name).ToException(),
            cancellation);
        return stored.JoinedWith([]).First(each => each.Name == client.Name);
    }

    /// <summary>Removes a client and its tokens.</summary>
    /// <exception cref="RefusedException">There is none of this name, or the configuration has it.</exception>
    public Task RemoveAsync(string name, CancellationToken cancellation)
    {
        RefuseConfigured(name);
        return ChangeAsync(
            stored => stored.Clients.Any(each => each.Name == name)
                ? stored.Without(name)
                : throw AccessRefusals.ClientNotFound(name).ToException(),
            cancellation);
    }

    /// <summary>Makes a token.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="wanted">Its label and what it is bound to; the rest is filled in.</param>
    /// <param name="ttl">How long it is valid; null for ever.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>The whole token, to be shown once, and what is kept of it.</returns>
    public async Task<(Secret Whole, ClientToken Token)> CreateTokenAsync(
        string client, ClientToken wanted, TimeSpan? ttl, CancellationToken cancellation)
    {
        if (client == Client.LocalName || _directory.Find(client) is not { } known)
            throw AccessRefusals.ClientNotFound(client).ToException();
        if (known.Tokens.Length >= ClientRules.MostTokens)
            throw Refusal.InvalidField("client", $"It has {ClientRules.MostTokens} tokens; revoke one first").ToException();
        if (wanted.Agent.Length > 0 && !known.MayUse(wanted.Agent))
            throw Refusal.InvalidField("agent_id", $"Client \"{client}\" may not use it").ToException();
        var text = TokenText.Of(
            RandomNumberGenerator.GetBytes(TokenText.IdBytes), RandomNumberGenerator.GetBytes(TokenText.SecretBytes));
        var token = wanted with { Id = text.Id, Generations = [GenerationOf(text, ttl)] };
        await ChangeAsync(stored => stored.With(client, token), cancellation);
        return (text.Whole, token);
    }

    /// <summary>Gives a token a new secret.</summary>
    /// <param name="id">The token's.</param>
    /// <param name="ttl">How long the new one is valid; null for ever.</param>
    /// <param name="grace">How long the one of now stays valid.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="RefusedException">There is no such token.</exception>
    public async Task<(Secret Whole, ClientToken Token)> RotateTokenAsync(
        string id, TimeSpan? ttl, TimeSpan grace, CancellationToken cancellation)
    {
        var text = TokenText.Of(
            RandomNumberGenerator.GetBytes(TokenText.IdBytes), RandomNumberGenerator.GetBytes(TokenText.SecretBytes)) with
        {
            Id = id,
        };
        var next = GenerationOf(text, ttl);
        var stored = await ChangeAsync(
            stored => stored.Find(id) is var (client, token)
                ? stored.With(client, token.Rotated(next, grace))
                : throw AccessRefusals.TokenNotFound(id).ToException(),
            cancellation);
        return (text.Whole, stored.Find(id)!.Value.Token);
    }

    /// <summary>Ends a token.</summary>
    /// <exception cref="RefusedException">There is no such token.</exception>
    public Task RevokeTokenAsync(string id, CancellationToken cancellation) => ChangeAsync(
        stored => stored.Find(id) is null ? throw AccessRefusals.TokenNotFound(id).ToException() : stored.WithoutToken(id),
        cancellation);

    public async ValueTask DisposeAsync()
    {
        await _use.DisposeAsync();
        _gate.Dispose();
    }

    private TokenGeneration GenerationOf(TokenText text, TimeSpan? ttl)
    {
        var now = _time.GetUtcNow();
        return new TokenGeneration([.. text.HashWith(_pepper)], now, ttl is { } span ? now + span : null);
    }

    private void RefuseConfigured(string name)
    {
        if (_directory.Find(name) is { IsConfigured: true })
            throw AccessRefusals.ClientIsConfigured(name).ToException();
    }

    private async Task<StoredClients> ChangeAsync(
        Func<StoredClients, StoredClients> decide, CancellationToken cancellation, bool areNews = true)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            var stored = await _store.UpdateClientsAsync(decide, cancellation);
            Take(stored, areNews);
            return stored;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task WriteUseAsync(ImmutableDictionary<string, DateTimeOffset> used)
    {
        try
        {
            await ChangeAsync(
                stored => used.Aggregate(stored, (all, use) => all.Find(use.Key) is var (client, token)
                    && !(token.LastUsed >= use.Value) ? all.With(client, token with { LastUsed = use.Value }) : all),
                CancellationToken.None, areNews: false);
        }
        catch (Exception exception) when (exception is StateUnreadableException or StateNotWrittenException)
        {
            LogKept(exception.Message);
        }
    }

    // Null: those of now, with another configuration.
    private void Take(StoredClients? stored, bool areNews = true)
    {
        lock (_taking)
        {
            _stored = stored ?? _stored;
            var service = _configuration.Current.Configuration.Service;
            _directory = new ClientDirectory(_stored.JoinedWith(service.Clients), Posix.EffectiveUser())
            {
                Trusted = new TrustedParties(_authorities, [.. service.Issuers.Select(issuer => issuer.Name)]),
            };
        }

        if (areNews)
            Changed?.Invoke();
    }

    [LoggerMessage(50, LogLevel.Warning, "The clients of before stay in force: {Why}")]
    private partial void LogKept(string why);
}
