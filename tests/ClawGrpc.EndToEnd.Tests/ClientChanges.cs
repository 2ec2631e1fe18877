using ClawGrpc.Client;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>
/// The clients of one caller that goes round the changes of a client and its token, and what must hold of them.
/// </summary>
internal sealed class ClientChanges(string name)
{
    private readonly List<string> _refused = [];
    private AccessService.AccessServiceClient _access = null!;
    private int _step;
    private string? _client;
    private string? _valid;
    private string _tokenId = "";
    private Scope? _scope;

    public int Acknowledged { get; private set; }

    /// <summary>The next change. What the server may or may not have done when it dies is not asked for later.</summary>
    public async Task ChangeAsync(ChannelBase channel)
    {
        _access = new AccessService.AccessServiceClient(channel);
        var (round, step) = Math.DivRem(_step++, 6);
        await (step switch
        {
            0 => AddAsync($"{name}-{round}"),
            1 => CreateTokenAsync(),
            2 => RotateAsync(),
            3 => RestrictAsync(),
            4 => RevokeAsync(),
            _ => RemoveAsync(),
        });
        Acknowledged++;
    }

    /// <summary>What a server says that was started again.</summary>
    /// <param name="access">The server.</param>
    /// <param name="clients">All that it has.</param>
    public async Task AssertKeptAsync(AccessService.AccessServiceClient access, IReadOnlyList<V1.Client> clients)
    {
        foreach (var secret in _refused)
        {
            // After too many of them, the server says that instead.
            var failure = ClawGrpcError.From(
                await Assert.ThrowsAsync<RpcException>(async () => await WhoAsync(access, secret)));
            Assert.Contains(failure.Reason, new[] { ErrorReason.Unauthenticated, ErrorReason.ClientLimited });
        }

        if (_client is null)
            return;
        var kept = Assert.Single(clients, client => client.Name == _client);
        if (_scope is { } scope)
            Assert.Equal([scope], kept.Scopes);
        if (_valid is not null)
            Assert.Equal(_client, (await WhoAsync(access, _valid)).Client.Name);
    }

    private static async Task<WhoAmIResponse> WhoAsync(AccessService.AccessServiceClient access, string secret) =>
        await access.WhoAmIAsync(new WhoAmIRequest(), new Metadata { { "authorization", $"Bearer {secret}" } });

    private async Task AddAsync(string client)
    {
        var added = new V1.Client { Name = client, Scopes = { Scope.Status, Scope.Complete }, Agents = { "*" } };
        await _access.AddClientAsync(new AddClientRequest { Client = added });
        (_client, _scope) = (client, null);
    }

    private async Task CreateTokenAsync()
    {
        var made = await _access.CreateTokenAsync(new CreateTokenRequest { Client = _client });
        (_tokenId, _valid) = (made.Token.TokenId, made.Secret);
    }

    private async Task RotateAsync()
    {
        var before = _valid!;
        _valid = null;
        var rotated = await _access.RotateTokenAsync(
            new RotateTokenRequest { TokenId = _tokenId, Grace = new Duration() });
        _refused.Add(before);
        _valid = rotated.Secret;
    }

    private async Task RestrictAsync()
    {
        var restricted = new V1.Client { Name = _client, Scopes = { Scope.Status }, Agents = { "*" } };
        await _access.UpdateClientAsync(new UpdateClientRequest { Client = restricted });
        _scope = Scope.Status;
    }

    private async Task RevokeAsync()
    {
        var before = _valid!;
        _valid = null;
        await _access.RevokeTokenAsync(new RevokeTokenRequest { TokenId = _tokenId });
        _refused.Add(before);
    }

    // There may be so many clients only.
    private async Task RemoveAsync()
    {
        var client = _client;
        _client = null;
        await _access.RemoveClientAsync(new RemoveClientRequest { Name = client });
    }
}
