using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>GetServer: where the server listens, its clock, and whether upstream can be reached.</summary>
public class ServerCallTests
{
    [Fact]
    public async Task Listeners_have_the_ports_that_the_system_chose()
    {
        await using var server = await TlsServer.StartAsync();
        var response = await server.Fixture.Access.GetServerAsync(new GetServerRequest());
        var tls = Assert.Single(response.Listeners, listener => listener.Address.StartsWith("https:", StringComparison.Ordinal));
        Assert.Equal((ListenerFace.Grpc, true), (tls.Face, tls.CertificateExpireTime is not null));
        Assert.NotEqual(0, new Uri(tls.Address).Port);
        Assert.Contains(response.Listeners, listener => listener.Address.StartsWith("unix:", StringComparison.Ordinal));
        Assert.Equal(server.Fixture.Time.GetUtcNow(), response.Time.ToDateTimeOffset());
        Assert.Null(response.Upstream);
    }

    [Fact]
    public async Task Upstream_is_asked_without_a_credential()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var upstream = (await fixture.Access.GetServerAsync(new GetServerRequest { CheckUpstream = true })).Upstream;
        Assert.Equal(("", 401), (upstream.Problem, upstream.HttpStatus));
        Assert.Equal(new Uri(fixture.Sandbox.BaseUrl), new Uri(upstream.BaseUrl));
        Assert.All(fixture.Sandbox.Requests, request => Assert.Null(request.Credential));
    }

    [Fact]
    public async Task Upstream_that_is_not_there_says_why()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.Files.ConfigureAsync("http://127.0.0.1:9");
        await fixture.RestartServerAsync();
        var upstream = (await fixture.Access.GetServerAsync(new GetServerRequest { CheckUpstream = true })).Upstream;
        Assert.Equal((0, "Connection refused"), (upstream.HttpStatus, upstream.Problem));
    }
}
