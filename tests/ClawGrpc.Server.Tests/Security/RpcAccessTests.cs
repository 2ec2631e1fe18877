using System.Net;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Server.Access;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Scope = ClawGrpc.V1.Scope;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>Every RPC, called by everybody who should not.</summary>
public class RpcAccessTests
{
    private const string Bound = "dns:build.example";
    private static readonly CertificateShape OfBound = new() { Dns = ["build.example"] };
    private static readonly Scope[] Scopes = [Scope.Complete, Scope.Status, Scope.Onboard, Scope.Admin];

    public static TheoryData<string> AllRpcs => [.. Rpcs.Guarded.Select(Rpcs.PathOf)];

    [Fact]
    public void Every_service_of_the_contract_is_called_here() => Assert.Equal(
        typeof(OnboardRequest).Assembly.GetTypes().Count(type => type.Name.EndsWith("ServiceBase", StringComparison.Ordinal)),
        Rpcs.OfContract.Select(rpc => rpc.Service).Distinct().Count());

    [Theory]
    [MemberData(nameof(AllRpcs))]
    public void Every_RPC_has_its_row(string rpc) => Assert.NotNull(RpcAccess.Find(rpc));

    [Fact]
    public async Task Whatever_is_served_is_guarded_or_health()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var open = new List<string>();
        var guarded = new List<string>();
        foreach (var endpoint in fixture.Part<EndpointDataSource>().Endpoints)
        {
            var rpc = endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName;
            if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            {
                open.Add(rpc ?? "");
                continue;
            }

            // What is no RPC is told so to clients alone.
            var access = endpoint.Metadata.GetRequiredMetadata<RpcAccess>();
            var policy = endpoint.Metadata.GetRequiredMetadata<AuthorizationPolicy>();
            Assert.Contains(access, policy.Requirements);
            Assert.Equal(rpc is null ? OfPath(((RouteEndpoint)endpoint).RoutePattern.RawText!) : RpcAccess.Find(rpc), access);
            if (rpc is not null)
                guarded.Add(rpc);
        }

        Assert.Equal(Rpcs.Guarded.Select(Rpcs.PathOf).Order(StringComparer.Ordinal), guarded.Order(StringComparer.Ordinal));
        Assert.All(open.Where(rpc => rpc.Length > 0), rpc => Assert.Contains(rpc, Rpcs.Open.Select(Rpcs.PathOf)));
        Assert.Contains("/grpc.health.v1.Health/Check", open);

        // The Messages API has paths instead of RPCs.
        static RpcAccess OfPath(string path) => path.Replace("/anthropic", "", StringComparison.Ordinal) switch
        {
            "/v1/messages" => RpcAccess.Completion,
            "/v1/messages/count_tokens" => new RpcAccess(Core.Access.Scopes.Complete),
            "/v1/models" or "/v1/models/{id}" => new RpcAccess(Core.Access.Scopes.Status),
            _ => RpcAccess.AnyClient,
        };
    }

    [Fact]
    public async Task Those_who_show_nothing_valid_are_refused_with_one_text()
    {
        await using var server = await TlsServer.StartWithDomainsAsync();
        await server.BindAsync("build", Bound, Scopes);
        var fixture = server.Fixture;
        var texts = new HashSet<string>();
        var from = 1;
        foreach (var (why, headers) in await InvalidHeadersAsync(fixture))
            await AddTextsAsync(why, server.Connect(from: NextAddress()), headers);
        foreach (var (why, shown) in new[]
        {
            ("no certificate", null),
            ("certificate of an unknown authority", server.OtherAuthority.Issue(OfBound)),
            ("certificate that has expired", server.ClientAuthority.Issue(OfBound with
            {
                NotAfter = fixture.Time.GetUtcNow().AddMinutes(-1),
            })),
            ("certificate that nobody is bound to", server.ClientAuthority.Issue(OfBound with { Dns = ["other.example"] })),
            ("certificate with the name of another in its subject",
                server.ClientAuthority.Issue(OfBound with { Dns = ["other.example"], CommonName = "build.example" })),
            ("certificate of another trust domain",
                server.DomainAuthority.Issue(new CertificateShape { Uris = ["spiffe://other.example/build"] })),
        })
        {
            var channel = server.Connect(shown, from: NextAddress());
            await AddTextsAsync(why, channel, null);
            var health = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest());
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        }

        Assert.Equal([$"{ErrorReason.Unauthenticated} {AccessRefusals.Unauthenticated.Message}"], texts);

        // Each from an address of its own, since one that shows nothing valid too often is told that instead.
        IPAddress NextAddress() => new([127, 0, 1, (byte)from++]);

        async Task AddTextsAsync(string why, GrpcChannel channel, Metadata? headers)
        {
            foreach (var rpc in Rpcs.Guarded)
            {
                var error = await Rpcs.RefusalAsync(channel, rpc, headers);
                Assert.True(error.Code == StatusCode.Unauthenticated, $"{rpc.FullName}, {why}: {error}");
                texts.Add($"{error.Reason} {error.Message}");
            }
        }
    }

    [Theory]
    [InlineData("token")]
    [InlineData("certificate")]
    public async Task Those_without_the_scope_are_refused_by_name(string proof)
    {
        await using var server = await TlsServer.StartAsync();
        foreach (var scope in Scopes)
        {
            var (channel, headers) = await AddAsync(
                server, proof, $"without-{scope}".ToLowerInvariant(), client => client.Scopes.Remove(scope));
            var wanted = ScopeNames.Find($"{scope}".ToLowerInvariant());
            foreach (var rpc in Rpcs.Guarded.Where(rpc => RpcAccess.Find(Rpcs.PathOf(rpc))!.Scope == wanted))
            {
                var error = await Rpcs.RefusalAsync(channel, rpc, headers);
                Assert.Equal((StatusCode.PermissionDenied, ErrorReason.ScopeMissing), (error.Code, error.Reason));
                Assert.Equal($"{scope}".ToLowerInvariant(), error.Metadata["scope"]);
            }
        }
    }

    [Theory]
    [InlineData("token")]
    [InlineData("certificate")]
    public async Task Those_of_another_agent_cannot_tell_whether_there_is_one(string proof)
    {
        await using var server = await TlsServer.StartAsync(top: "agents: { list: [{ id: 'main' }, { id: 'work' }] }");
        var (channel, headers) = await AddAsync(server, proof, "bound", client =>
        {
            client.Agents.Clear();
            client.Agents.Add("work");
        });
        foreach (var rpc in Rpcs.OfContract.Where(rpc => rpc.Name is not ("WhoAmI" or "GetServer" or "ListAgents")))
        {
            var (there, gone) = (
                await Rpcs.RefusalAsync(channel, rpc, headers, "main"), await Rpcs.RefusalAsync(channel, rpc, headers, "gone"));
            Assert.Equal((StatusCode.PermissionDenied, ErrorReason.AgentNotPermitted), (there.Code, there.Reason));
            Assert.Equal(
                (there.Code, there.Reason, there.Message),
                (gone.Code, gone.Reason, gone.Message.Replace("gone", "main", StringComparison.Ordinal)));
        }

        var agents = await new AuthService.AuthServiceClient(channel).ListAgentsAsync(new ListAgentsRequest(), headers);
        Assert.Equal(["work"], agents.Agents.Select(agent => agent.AgentId));
        var status = await new ModelService.ModelServiceClient(channel).GetStatusAsync(new GetStatusRequest(), headers);
        Assert.Equal("work", status.Status.AgentId);
    }

    [Fact]
    public async Task What_is_no_RPC_is_told_to_clients_alone()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var (nobody, somebody) = (new Metadata { { "authorization", "Bearer claw_x" } }, new Metadata());
        foreach (var (headers, code) in new[] { (nobody, StatusCode.Unauthenticated), (somebody, StatusCode.Unimplemented) })
        {
            var error = await Rpcs.RefusalAsync(fixture.Channel, "/clawgrpc.v1.AuthService/Novel", [], headers);
            Assert.Equal(code, error.Code);
        }
    }

    // Each shows something, and none of it leads to a client.
    private static async Task<IReadOnlyList<(string Why, Metadata Headers)>> InvalidHeadersAsync(ServerFixture fixture)
    {
        var token = await fixture.AddClientAsync("ci", Scopes);
        var expired = await fixture.NewTokenAsync("ci", TimeSpan.FromSeconds(1));
        var revoked = await fixture.NewTokenAsync("ci");
        await fixture.Access.RevokeTokenAsync(new RevokeTokenRequest { TokenId = revoked.Id });
        var removed = await fixture.AddClientAsync("removed", Scopes);
        await fixture.Access.RemoveClientAsync(new RemoveClientRequest { Name = "removed" });
        var rotated = await fixture.NewTokenAsync("ci");
        await fixture.Access.RotateTokenAsync(new RotateTokenRequest { TokenId = rotated.Id, Grace = new() });
        fixture.Time.Advance(TimeSpan.FromSeconds(2));
        var ofOther = TokenText.Parse((await fixture.AddClientAsync("other", Scopes)).Text)!;
        return
        [
            .. new[]
            {
                ("typing error", $"Bearer {token.Text[..^1]}{(token.Text[^1] == 'a' ? 'b' : 'a')}"),
                ("expired", $"Bearer {expired.Text}"),
                ("revoked", $"Bearer {revoked.Text}"),
                ("of a client that is removed", $"Bearer {removed.Text}"),
                ("rotated away", $"Bearer {rotated.Text}"),
                ("unknown", $"Bearer {TokenText.Of(new byte[8], new byte[32]).Whole.Reveal()}"),
                ("secret of another token", $"Bearer {new TokenText(token.Id, ofOther.Secret).Whole.Reveal()}"),
                ("key of Anthropic", "Bearer sk-ant-api03-not-a-token-of-clawgrpc"),
                ("JWT of an unknown issuer", "Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2kuZXhhbXBsZSJ9.c2ln"),
                ("other scheme", "Basic bG9jYWw6"),
                ("scheme alone", "Bearer"),
                ("empty", ""),
            }.Select(each => (each.Item1, new Metadata { { "authorization", each.Item2 } })),
            ("two of them", new Metadata
            {
                { "authorization", $"Bearer {token.Text}" }, { "authorization", $"Bearer {expired.Text}" },
            }),
            ("in another header", new Metadata { { "x-api-key", token.Text }, { "cookie", $"authorization={token.Text}" } }),
        ];
    }

    // A client that may do everything but what a test takes away, how it is reached, and what its calls show.
    private static async Task<(GrpcChannel Channel, Metadata? Headers)> AddAsync(
        TlsServer server, string proof, string name, Action<V1.Client> takeAway)
    {
        if (proof == "token")
            return (server.Connect(), (await server.Fixture.AddClientAsync(name, Scopes, takeAway)).Headers);
        var client = new V1.Client
        {
            Name = name,
            Scopes = { Scopes },
            Agents = { "*" },
            Bindings = { new ClientBinding { Certificate = $"dns:{name}.example" } },
        };
        takeAway(client);
        await server.Fixture.Access.AddClientAsync(new AddClientRequest { Client = client });
        var certificate = server.ClientAuthority.Issue(new CertificateShape { Dns = [$"{name}.example"] });
        return (server.Connect(certificate), null);
    }
}
