using System.Text.Json.Nodes;
using ClawGrpc.Client;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>Tokens (JWT) of configured issuers: to whom they lead, and each rule broken once.</summary>
public class JwtTests
{
    private static readonly Dictionary<string, (Action<TestJwt> Break, string Why)> Rules = new()
    {
        ["another issuer"] = (jwt => jwt.Payload["iss"] = "https://evil.example", "its issuer (iss) is not configured"),
        ["issuer with a slash more"] = (jwt => jwt.Payload["iss"] = $"{TestJwt.Issuer}/", "its issuer (iss) is not configured"),
        ["no issuer"] = (jwt => jwt.Payload.Remove("iss"), "its issuer (iss) is not configured"),
        ["another audience"] = (jwt => jwt.Payload["aud"] = "https://kubernetes.default.svc", "not for the audience (aud)"),
        ["no audience"] = (jwt => jwt.Payload.Remove("aud"), "not for the audience (aud)"),
        ["part of the audience"] = (jwt => jwt.Payload["aud"] = "clawgrpc.example", "not for the audience (aud)"),
        ["no subject"] = (jwt => jwt.Payload.Remove("sub"), "it has no subject (sub)"),
        ["another subject"] = (jwt => jwt.Payload["sub"] = "system:serviceaccount:other:build",
            "no client is bound to the subject"),
        ["shorter subject"] = (jwt => jwt.Payload["sub"] = "system:serviceaccount:agents:", "no client is bound to the subject"),
        ["another claim"] = (jwt => jwt.Payload["team"] = "other", "no client is bound to the subject"),
        ["claim as a list"] = (jwt => jwt.Payload["team"] = new JsonArray("build"), "no client is bound to the subject"),
        ["no end"] = (jwt => jwt.Payload.Remove("exp"), "it has no end (exp)"),
        ["end that is text"] = (jwt => jwt.Payload["exp"] = "2099", "it has no end (exp)"),
        ["expired"] = (jwt => jwt.Times(-600, -31), "it has expired"),
        ["not valid yet"] = (jwt => jwt.Payload["nbf"] = jwt.At(31), "it is not valid yet"),
        ["made in the future"] = (jwt => jwt.Times(31, 600), "it is not valid yet"),
        ["valid for too long"] = (jwt => jwt.Times(0, 3601), "it is valid for longer than the 60 minutes"),
        ["valid for too long, and not saying since when"] = (
            jwt =>
            {
                jwt.Times(0, 3700);
                jwt.Payload.Remove("iat");
            },
            "it is valid for longer than the 60 minutes"),
        ["no algorithm"] = (jwt => jwt.Header["alg"] = "none", "its algorithm (alg)"),
        ["a shared secret"] = (jwt => jwt.SignWithSecret(), "its algorithm (alg)"),
        ["an algorithm that is not configured"] = (jwt => jwt.Header["alg"] = "RS512", "its algorithm (alg)"),
        ["extensions"] = (jwt => jwt.Header["crit"] = new JsonArray("exp"), "its header has extensions (crit)"),
        ["unknown key"] = (jwt => jwt.Header["kid"] = "other", "the issuer has no such key (kid)"),
        ["a key of its own"] = (jwt => jwt.SignWithOwnKey(), "its signature is wrong"),
        ["changed after it was signed"] = (jwt => jwt.Changed = true, "its signature is wrong"),
        ["no signature"] = (jwt => jwt.Unsigned = true, "it is no signed token of three parts"),
        ["a member twice"] = (jwt => jwt.Twice = true, "its parts are no base64url of JSON"),
        ["too long"] = (jwt => jwt.Payload["pad"] = new string('a', 13_000), "it is longer than 16384 characters"),
    };

    public static TheoryData<string> Names => new(Rules.Keys);

    [Fact]
    public async Task Token_of_an_issuer_leads_to_its_client()
    {
        await using var server = await JwtServer.StartAsync();
        var who = await server.WhoAsync(server.NewToken());
        Assert.Equal(("build", "jwt"), (who.Client.Name, who.Proof));

        // Clocks may be half a minute apart.
        var late = server.NewToken();
        late.Times(-600, -29);
        Assert.Equal("build", (await server.WhoAsync(late)).Client.Name);
        var several = server.NewToken();
        several.Payload["aud"] = new JsonArray("other", TestJwt.Audience);
        Assert.Equal("build", (await server.WhoAsync(several)).Client.Name);
        var nameless = server.NewToken();
        nameless.Header.Remove("kid");
        Assert.Equal("build", (await server.WhoAsync(nameless)).Client.Name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Token_that_breaks_a_rule_is_refused(string rule)
    {
        await using var server = await JwtServer.StartAsync();
        var token = server.NewToken();
        Rules[rule].Break(token);
        var refused = await Assert.ThrowsAsync<RpcException>(() => server.WhoAsync(token));
        Assert.Equal(
            (StatusCode.Unauthenticated, AccessRefusals.Unauthenticated.Message), (refused.StatusCode, refused.Status.Detail));
        Assert.Contains(server.Log.All, line => line.Contains("Refused an unknown caller (jwt)", StringComparison.Ordinal)
            && line.Contains(Rules[rule].Why, StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.All, line => line.Contains(token.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Watch_ends_with_its_token()
    {
        await using var server = await JwtServer.StartAsync();
        using var watch = server.Models.WatchStatus(new WatchStatusRequest(), server.NewToken().Headers);
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        server.Time.Advance(TimeSpan.FromSeconds(629));
        server.Time.Advance(TimeSpan.FromSeconds(1));
        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await watch.ResponseStream.MoveNext(CancellationToken.None))
            {
                // Heartbeats.
            }
        });
        Assert.Equal(
            (StatusCode.Unauthenticated, ErrorReason.CallerEnded), (failure.StatusCode, ClawGrpcError.From(failure).Reason));
    }

    [Fact]
    public async Task Watch_ends_when_its_issuer_is_configured_no_more()
    {
        await using var server = await JwtServer.StartAsync();
        using var watch = server.Models.WatchStatus(new WatchStatusRequest(), server.NewToken().Headers);
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));

        // The status may change with the configuration, before the watch ends.
        var next = ReadToEndAsync(watch.ResponseStream);
        await server.Files.ConfigureAsync(server.Sandbox.BaseUrl);
        await ServerFixture.EventuallyAsync(() =>
        {
            server.Time.Advance(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(next.IsCompleted);
        });
        var failure = await Assert.ThrowsAsync<RpcException>(() => next);
        Assert.Equal(StatusCode.Unauthenticated, failure.StatusCode);

        static async Task ReadToEndAsync(IAsyncStreamReader<WatchStatusResponse> responses)
        {
            while (await responses.MoveNext(CancellationToken.None))
            {
            }
        }
    }

    [Fact]
    public async Task Keys_in_a_file_are_read_again_when_it_changes()
    {
        await using var server = await JwtServer.StartAsync();
        await server.WhoAsync(server.NewToken());
        var before = server.NewToken();
        await server.RotateAsync("second");
        await server.WhoAsync(server.NewToken());
        await Assert.ThrowsAsync<RpcException>(() => server.WhoAsync(before));
        await File.WriteAllTextAsync(server.Files["jwks.json"], "broken");
        await server.WhoAsync(server.NewToken());
        Assert.Contains(server.Log.All, line => line.Contains("The keys of the issuer", StringComparison.Ordinal)
            && line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_at_a_url_are_fetched_for_a_new_id_once_a_minute()
    {
        await using var site = await KeySite.StartAsync();
        await using var server = await JwtServer.StartAsync(site);
        await server.WhoAsync(server.NewToken());
        await server.WhoAsync(server.NewToken());
        Assert.Equal(1, site.Fetches);

        // What was read a moment ago is not read again, whoever asks.
        await server.RotateAsync("second");
        for (var call = 0; call < 5; call++)
            await Assert.ThrowsAsync<RpcException>(() => server.WhoAsync(server.NewToken()));
        Assert.Equal(1, site.Fetches);
        server.Time.Advance(TimeSpan.FromMinutes(1));
        await server.WhoAsync(server.NewToken());
        Assert.Equal(2, site.Fetches);

        // Keys that are in use are looked at again, and stay when that fails.
        site.Fails = true;
        server.Time.Advance(TimeSpan.FromMinutes(10));
        await server.WhoAsync(server.NewToken());
        await ServerFixture.EventuallyAsync(() => Task.FromResult(site.Fetches == 3));
        await server.WhoAsync(server.NewToken());
    }

    [Theory]
    [InlineData("issuer: 'https://i.example', audience: '', jwks: 'jwks.json'", "issuers.0.audience")]
    [InlineData("issuer: 'https://i.example', jwks: 'jwks.json'", "issuers.0.audience")]
    [InlineData("issuer: 'https://i.example', audience: 'https://kubernetes.default.svc', jwks: 'jwks.json'", "another service")]
    [InlineData("issuer: 'https://i.example', audience: 'https://api.anthropic.com', jwks: 'jwks.json'", "another service")]
    [InlineData("issuer: '', audience: 'clawgrpc', jwks: 'jwks.json'", "issuers.0.issuer")]
    [InlineData("issuer: 'https://i.example', audience: 'clawgrpc', jwks: 'http://i.example/jwks'", "of this machine")]
    [InlineData("issuer: 'https://i.example', audience: 'clawgrpc', jwks: 'jwks.json', algorithms: ['HS256']", "algorithms")]
    [InlineData("issuer: 'https://i.example', audience: 'clawgrpc', jwks: 'jwks.json', maxLifeMinutes: 2000", "maxLifeMinutes")]
    public async Task Issuer_that_would_be_unsafe_is_refused_at_the_start(string issuer, string why)
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, $"clawgrpc: {{ issuers: [{{ {issuer} }}] }}");
        var refused = await Assert.ThrowsAsync<Gateway.Configuration.UnusableConfigurationException>(fixture.StartServerAsync);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }
}
