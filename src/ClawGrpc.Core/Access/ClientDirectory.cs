using System.Collections.Frozen;
using System.Collections.Immutable;

namespace ClawGrpc.Core.Access;

/// <summary>All clients at one moment: which one a proof leads to.</summary>
internal sealed class ClientDirectory
{
    /// <summary>The server's own user and root alone.</summary>
    public static readonly ClientDirectory Empty = new([], 0);

    private readonly FrozenDictionary<string, (Client Client, ClientToken Token)> _tokens;
    private readonly uint _serverUid;

    /// <param name="clients">Those of the configuration and those that were created, without <see cref="Client.Local"/>.</param>
    /// <param name="serverUid">The user that the server runs as.</param>
    public ClientDirectory(ImmutableArray<Client> clients, uint serverUid)
    {
        (Clients, _serverUid) = (clients, serverUid);
        _tokens = clients.SelectMany(client => client.Tokens.Select(token => (client, token)))
            .DistinctBy(each => each.token.Id).ToFrozenDictionary(each => each.token.Id, StringComparer.Ordinal);
    }

    /// <summary>Who may vouch for clients.</summary>
    public TrustedParties Trusted { get; init; } = TrustedParties.None;

    /// <summary>All of them, without <see cref="Client.Local"/>.</summary>
    public ImmutableArray<Client> Clients { get; }

    /// <summary>The client of a name; null if there is none.</summary>
    public Client? Find(string name) =>
        name == Client.LocalName ? Client.Local : Clients.FirstOrDefault(client => client.Name == name);

    /// <summary>The caller that shows this proof.</summary>
    /// <returns>The caller, or why it is none, which is for the log alone.</returns>
    public (Caller? Caller, string Why) Find(Proof proof, DateTimeOffset now)
    {
        if (proof.Expires is { } end && now >= end)
            return (null, $"the {proof.Kind} has expired");
        return proof switch
        {
            Proof.Loopback => (new Caller(Client.Local, proof), ""),
            Proof.Token token => FindToken(token, now),
            Proof.Certificate shown when !Trusted.Authorities.Contains(shown.Authority) =>
                (null, "its authority is not trusted any more"),
            Proof.Jwt shown when !Trusted.Issuers.Contains(shown.Issuer) => (null, "its issuer is not configured any more"),
            Proof.Peer { Uid: var uid } when uid == 0 || uid == _serverUid => (new Caller(Client.Local, proof), ""),
            _ => FindBound(proof),
        };
    }

    private (Caller?, string) FindToken(Proof.Token proof, DateTimeOffset now)
    {
        if (!_tokens.TryGetValue(proof.Id, out var known))
        {
            _ = Dummy.Find(proof.Hash.AsSpan(), now);
            return (null, $"there is no token {proof.Id}");
        }

        if (known.Token.Find(proof.Hash.AsSpan(), now) is { } valid)
            return (new Caller(known.Client, proof) { Token = known.Token, Expires = valid.Expires }, "");
        var isExpired = known.Token.Generations.All(generation => !generation.IsValid(now));
        return (null, isExpired ? $"the token {proof.Id} has expired" : $"the secret of the token {proof.Id} is not this one");
    }

    // A user is nearer than one of its groups.
    private (Caller?, string) FindBound(Proof proof)
    {
        var bound = Clients.SelectMany(client => client.Bindings.Select(binding => (client, binding)))
            .Where(each => each.binding.Fits(proof)).ToList();
        var found = bound.OrderBy(each => each.binding is Binding.UnixGroup).FirstOrDefault().client;
        if (found is not null)
            return (new Caller(found, proof) { Expires = proof.Expires }, "");
        return (null, proof switch
        {
            // A user of another namespace that has no number here.
            Proof.Peer { Uid: Unmapped } => $"the user {Unmapped} may be anybody of another user namespace",
            Proof.Peer peer => $"no client is bound to the user {peer.Uid} or its groups",
            Proof.Certificate certificate => $"no client is bound to {string.Join(", ", certificate.Names)}",
            Proof.Jwt jwt => $"no client is bound to the subject {jwt.Subject} of {jwt.Issuer}",
            _ => "no client is bound to it",
        });
    }

    /// <summary>The user that the kernel shows for one that has no number in this namespace.</summary>
    public const uint Unmapped = 65534;

    // So that an unknown token takes as long as a wrong one.
    private static readonly ClientToken Dummy = new()
    {
        Id = "",
        Generations = [new TokenGeneration(ImmutableArray.Create(new byte[32]), DateTimeOffset.MinValue, null)],
    };
}
