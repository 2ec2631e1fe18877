using System.Text.Json.Nodes;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Server.Tests.Harness;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>Which keys of an issuer count, and from where.</summary>
public class IssuerKeyTests
{
    private static readonly Dictionary<string, Action<JsonObject>> Changes = new()
    {
        ["for encryption"] = key => key["use"] = "enc",
        ["for another algorithm"] = key => key["alg"] = "RS512",
        ["of another id"] = key => key["kid"] = "other",
        ["a shared secret"] = key => (key["kty"], key["k"]) = ("oct", key["n"]!.DeepClone()),
        ["without a kind"] = key => key.Remove("kty"),
    };

    public static TheoryData<string> Names => new(Changes.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Key_that_is_not_for_this_is_not_used(string what)
    {
        await using var server = await JwtServer.StartAsync();
        await server.PublishAsync(Changes[what]);
        await AssertRefusedAsync(server, "the issuer has no such key (kid)");
    }

    [Fact]
    public async Task Key_that_is_too_short_is_not_used()
    {
        await using var server = await JwtServer.StartAsync();
        await server.RotateAsync("short", bits: 1024);
        await AssertRefusedAsync(server, "the issuer has no such key (kid)");
    }

    [Fact]
    public async Task Keys_are_fetched_over_tls_from_a_site_of_the_configured_authority()
    {
        var authority = new TestAuthority("of the site");
        await using var site = await KeySite.StartAsync(authority.IssueForServer());
        await using var server = await JwtServer.StartAsync(site, authority);
        Assert.StartsWith("https://", site.Url, StringComparison.Ordinal);
        Assert.Equal("build", (await server.WhoAsync(server.NewToken())).Client.Name);
    }

    [Theory]
    [InlineData("of another authority")]
    [InlineData("of none that is configured")]
    [InlineData("of another name")]
    public async Task Keys_of_a_site_that_cannot_prove_itself_are_not_used(string what)
    {
        var authority = new TestAuthority("of the site");
        await using var site = await KeySite.StartAsync(
            authority.IssueForServer(what == "of another name" ? "other.example" : "localhost"));
        await using var server = await JwtServer.StartAsync(site, what switch
        {
            "of another authority" => new TestAuthority("of the site"),
            "of another name" => authority,
            _ => null,
        });
        await AssertRefusedAsync(server, "its keys cannot be had");
        Assert.Equal(0, site.Fetches);
        Assert.Contains(server.Log.All, line => line.StartsWith("Warning", StringComparison.Ordinal)
            && line.Contains("The keys of the issuer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Key_that_a_site_has_withdrawn_is_not_used_after_ten_minutes()
    {
        await using var site = await KeySite.StartAsync();
        await using var server = await JwtServer.StartAsync(site);
        await server.WhoAsync(server.NewToken());
        site.Keys = """{"keys":[]}""";

        // The call that has the keys fetched again does not wait for them.
        server.Time.Advance(TimeSpan.FromMinutes(10));
        var token = server.NewToken();
        await server.WhoAsync(token);
        await ServerFixture.EventuallyAsync(async () =>
        {
            try
            {
                await server.WhoAsync(token);
                return false;
            }
            catch (RpcException)
            {
                return true;
            }
        });
        await AssertRefusedAsync(server, "the issuer has no such key (kid)");
        Assert.Equal(2, site.Fetches);
    }

    private static async Task AssertRefusedAsync(JwtServer server, string why)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => server.WhoAsync(server.NewToken()));
        Assert.Equal(
            (StatusCode.Unauthenticated, AccessRefusals.Unauthenticated.Message), (refused.StatusCode, refused.Status.Detail));
        Assert.Contains(server.Log.All, line => line.Contains("Refused an unknown caller (jwt)", StringComparison.Ordinal)
            && line.Contains(why, StringComparison.Ordinal));
    }
}
