using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>A token of a client, and how a call carries it.</summary>
/// <param name="Id">The part that is no secret.</param>
/// <param name="Text">All of it.</param>
internal sealed record TestToken(string Id, string Text)
{
    public Metadata Headers => new() { { "authorization", $"Bearer {Text}" } };
}

/// <summary>Clients of a server under test.</summary>
internal static class Callers
{
    /// <summary>Adds a client that may use all agents unless it says otherwise, and makes a token for it.</summary>
    public static async Task<TestToken> AddClientAsync(
        this ServerFixture fixture, string name, IEnumerable<Scope> scopes, Action<V1.Client>? more = null)
    {
        var client = new V1.Client { Name = name };
        client.Scopes.AddRange(scopes);
        more?.Invoke(client);
        if (client.Agents.Count == 0)
            client.Agents.Add("*");
        await fixture.Access.AddClientAsync(new AddClientRequest { Client = client });
        return await fixture.NewTokenAsync(name);
    }

    public static async Task<TestToken> NewTokenAsync(this ServerFixture fixture, string client, TimeSpan? ttl = null)
    {
        var request = new CreateTokenRequest { Client = client };
        if (ttl is { } span)
            request.Ttl = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(span);
        var made = await fixture.Access.CreateTokenAsync(request);
        return new TestToken(made.Token.TokenId, made.Secret);
    }
}
