using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Net.Client;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>Certificates over real TLS: to whom they lead.</summary>
public class CertificateTests
{
    [Theory]
    [InlineData("dns:build.example")]
    [InlineData("uri:https://build.example/agent")]
    [InlineData("uri:https://build.example/*")]
    public async Task Plain_certificate_leads_to_its_client(string name)
    {
        await using var server = await TlsServer.StartAsync();
        await server.BindAsync("build", name);
        var certificate = server.ClientAuthority.Issue(new CertificateShape
        {
            Dns = ["Build.Example"],
            Uris = ["https://build.example/agent"],
        });
        Assert.Equal(("build", "certificate"), await WhoAsync(server.Connect(certificate)));
    }

    [Theory]
    [InlineData("uri:spiffe://td.example/ns/a/sa/build")]
    [InlineData("uri:spiffe://td.example/ns/a/*")]
    [InlineData("uri:spiffe://td.example/ns/*/sa/build")]
    public async Task Svid_leads_to_its_client(string name)
    {
        await using var server = await TlsServer.StartWithDomainsAsync();
        await server.BindAsync("build", name);
        var shape = new CertificateShape { Uris = ["spiffe://td.example/ns/a/sa/build"] };
        Assert.Equal(("build", "certificate"), await WhoAsync(server.Connect(server.DomainAuthority.Issue(shape))));

        // Its purposes need not be said, and an authority may stand in between.
        var below = server.DomainAuthority.Below("intermediate");
        var channel = server.Connect(below.Issue(shape with { Purposes = null }), "localhost", below.Certificate);
        Assert.Equal(("build", "certificate"), await WhoAsync(channel));
    }

    [Fact]
    public async Task Token_leads_to_its_client_with_a_certificate_or_without()
    {
        await using var server = await TlsServer.StartAsync();
        await server.BindAsync("build", "dns:build.example");
        var token = await server.Fixture.AddClientAsync("ci", [Scope.Status]);
        foreach (var certificate in new[]
        {
            null,
            server.ClientAuthority.Issue(new CertificateShape { Dns = ["build.example"] }),
            server.OtherAuthority.Issue(new CertificateShape { Dns = ["build.example"] }),
        })
        {
            var who = await new AccessService.AccessServiceClient(server.Connect(certificate))
                .WhoAmIAsync(new WhoAmIRequest(), token.Headers);
            Assert.Equal(("ci", "token"), (who.Client.Name, who.Proof));
        }
    }

    private static async Task<(string Client, string Proof)> WhoAsync(GrpcChannel channel)
    {
        var who = await new AccessService.AccessServiceClient(channel).WhoAmIAsync(new WhoAmIRequest());
        return (who.Client.Name, who.Proof);
    }
}
