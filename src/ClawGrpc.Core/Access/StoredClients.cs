using System.Collections.Immutable;

namespace ClawGrpc.Core.Access;

/// <summary>What a store keeps of the clients: those that were created, and the tokens of all.</summary>
/// <param name="Clients">Those that were created, without their tokens.</param>
/// <param name="Tokens">All tokens, each with the name of its client.</param>
internal sealed record StoredClients(ImmutableArray<Client> Clients, ImmutableArray<(string Client, ClientToken Token)> Tokens)
{
    public static readonly StoredClients None = new([], []);

    /// <summary>With one more client, or another one of its name.</summary>
    public StoredClients With(Client client) => this with
    {
        Clients = [.. Clients.Where(each => each.Name != client.Name), client with { Tokens = [] }],
    };

    /// <summary>Without a client and its tokens.</summary>
    public StoredClients Without(string name) =>
        new([.. Clients.Where(each => each.Name != name)], [.. Tokens.Where(each => each.Client != name)]);

    /// <summary>With a token, or another state of it.</summary>
    public StoredClients With(string client, ClientToken token) => this with
    {
        Tokens = [.. Tokens.Where(each => each.Token.Id != token.Id), (client, token)],
    };

    /// <summary>Without a token.</summary>
    public StoredClients WithoutToken(string id) => this with { Tokens = [.. Tokens.Where(each => each.Token.Id != id)] };

    /// <summary>The token of an id, and whose it is; null if there is none.</summary>
    public (string Client, ClientToken Token)? Find(string id)
    {
        foreach (var each in Tokens)
        {
            if (each.Token.Id == id)
                return each;
        }

        return null;
    }

    /// <summary>
    /// The clients of the configuration and those that were created, with their tokens. A configured one counts.
    /// </summary>
    public ImmutableArray<Client> JoinedWith(ImmutableArray<Client> configured)
    {
        var tokens = Tokens.ToLookup(each => each.Client, each => each.Token, StringComparer.Ordinal);
        return
        [
            .. configured.Concat(Clients).DistinctBy(client => client.Name, StringComparer.Ordinal)
                .OrderBy(client => client.Name, StringComparer.Ordinal)
                .Select(client => client with { Tokens = [.. tokens[client.Name]] }),
        ];
    }
}
