using System.Security.Cryptography.X509Certificates;
using ClawGrpc.Client;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>Each rule of certificates, broken once: refused, with the reason in the log and one text outside.</summary>
public class RefusedCertificateTests(RefusedCertificateTests.Server shared)
    : IClassFixture<RefusedCertificateTests.Server>
{
    private const X509KeyUsageFlags Signs = X509KeyUsageFlags.DigitalSignature;
    private const string Svid = "spiffe://td.example/ns/a";

    private static readonly CertificateShape Plain = new() { Dns = ["build.example"] };

    private static readonly CertificateShape OfDomain = new() { Uris = [Svid] };

    private static readonly Dictionary<string, Rule> Rules = new()
    {
        ["no alternative name"] = new(s => s.ClientAuthority, Plain with { Dns = [], CommonName = "build.example" },
            "it has neither a DNS name nor a URI; the common name of its subject does not count"),
        ["an authority"] = new(s => s.ClientAuthority,
            Plain with { IsAuthority = true, KeyUsage = Signs | X509KeyUsageFlags.KeyCertSign }, "that of an authority (CA)"),
        ["for servers"] = new(s => s.ClientAuthority, Plain with { Purposes = [TestAuthority.ForServers] }, "lacks clientAuth"),
        ["a key that does not sign"] = new(s => s.ClientAuthority, Plain with { KeyUsage = X509KeyUsageFlags.NonRepudiation },
            "its key usage lacks digitalSignature"),
        ["unknown authority"] = new(_ => new TestAuthority("client authority"), Plain, "its chain to an authority is refused"),
        ["authority of a trust domain"] = new(s => s.DomainAuthority, Plain, "its chain to an authority is refused"),
        ["expired"] = new(s => s.ClientAuthority, Plain with { NotAfter = new(2026, 11, 20, 11, 0, 0, TimeSpan.Zero) },
            "NotTimeValid"),
        ["not valid yet"] = new(s => s.ClientAuthority, Plain with { NotBefore = new(2026, 11, 20, 13, 0, 0, TimeSpan.Zero) },
            "NotTimeValid"),
        ["not bound"] = new(s => s.ClientAuthority,
            Plain with { Dns = ["other.example"] }, "no client is bound to dns:other.example"),
        ["part of a bound name"] = new(s => s.ClientAuthority, Plain with { Dns = ["a.build.example"] }, "no client is bound to"),
        ["SVID of another domain by ours"] = new(s => s.DomainAuthority, OfDomain with { Uris = ["spiffe://other.example/ns/a"] },
            "its chain to an authority is refused"),
        ["SVID of our domain by another"] = new(s => s.OtherAuthority, OfDomain, "its chain to an authority is refused"),
        ["SVID by the plain authority"] = new(s => s.ClientAuthority, OfDomain, "its chain to an authority is refused"),
        ["SVID of an unknown domain"] = new(s => s.DomainAuthority, OfDomain with { Uris = ["spiffe://third.example/ns/a"] },
            "no authorities are configured for the trust domain third.example"),
        ["SVID with two ids"] = new(s => s.DomainAuthority,
            OfDomain with { Uris = [Svid, "spiffe://td.example/ns/b"] }, "one URI"),
        ["SVID with another URI"] = new(s => s.DomainAuthority,
            OfDomain with { Uris = ["https://build.example/", Svid] }, "one URI"),
        ["SVID with a DNS name that is bound"] = new(s => s.DomainAuthority,
            OfDomain with { Uris = ["spiffe://td.example/ns/unbound"], Dns = ["build.example"] },
            "no client is bound to uri:spiffe://td.example/ns/unbound"),
        ["SVID of the domain itself"] = new(s => s.DomainAuthority,
            OfDomain with { Uris = ["spiffe://td.example"] }, "of a workload"),
        ["SVID that is an authority"] = new(s => s.DomainAuthority, OfDomain with { IsAuthority = true }, "an authority (CA)"),
        ["SVID without key usage"] = new(s => s.DomainAuthority, OfDomain with { KeyUsage = null }, "lacks digitalSignature"),
        ["SVID that signs certificates"] = new(s => s.DomainAuthority,
            OfDomain with { KeyUsage = Signs | X509KeyUsageFlags.KeyCertSign }, "has keyCertSign or cRLSign"),
        ["SVID that signs revocations"] = new(s => s.DomainAuthority,
            OfDomain with { KeyUsage = Signs | X509KeyUsageFlags.CrlSign }, "has keyCertSign or cRLSign"),
        ["SVID for servers"] = new(s => s.DomainAuthority,
            OfDomain with { Purposes = [TestAuthority.ForServers] }, "lacks clientAuth"),
        ["SVID whose key does not sign"] = new(s => s.DomainAuthority,
            OfDomain with { KeyUsage = X509KeyUsageFlags.NonRepudiation }, "lacks digitalSignature"),
        ["SVID that has expired"] = new(s => s.DomainAuthority,
            OfDomain with { NotAfter = new(2026, 11, 20, 11, 0, 0, TimeSpan.Zero) }, "NotTimeValid"),
        ["SVID that only begins like a bound one"] = Id($"{Svid}b", "no client is bound to"),
        ["SVID below a bound one"] = Id($"{Svid}/b", "no client is bound to"),
        ["SVID above a bound pattern"] = Id("spiffe://td.example/team", "no client is bound to"),
        ["SVID whose segment only begins like that of a pattern"] = Id("spiffe://td.example/teams/x", "no client is bound to"),
        ["SVID with a port"] = Id("spiffe://td.example:443/ns/a", "a trust domain has"),
        ["SVID with a user"] = Id("spiffe://me@td.example/ns/a", "a trust domain has"),
        ["SVID in upper case"] = Id("spiffe://TD.example/ns/a", "a trust domain has"),
        ["SVID with another scheme's case"] = Id("SPIFFE://td.example/ns/a", "begins with spiffe://"),
        ["SVID with a query"] = Id($"{Svid}?x=1", "the segments of"),
        ["SVID with a fragment"] = Id($"{Svid}#x", "the segments of"),
        ["SVID with a percent"] = Id("spiffe://td.example/ns%2fa", "the segments of"),
        ["SVID with dots"] = Id("spiffe://td.example/x/../ns/a", "the segments of"),
        ["SVID with an empty segment"] = Id("spiffe://td.example//ns/a", "the segments of"),
        ["SVID with a slash at the end"] = Id($"{Svid}/", "the segments of"),
        ["SVID that is too long"] = Id($"spiffe://td.example/{new string('a', 2048)}", "2048 bytes"),
    };

    public static TheoryData<string> Names => new(Rules.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Certificate_that_breaks_a_rule_is_refused(string rule)
    {
        var server = shared.Tls;
        var (by, shape, why) = Rules[rule];
        var before = server.Fixture.Log.All.Count;
        var access = new AccessService.AccessServiceClient(server.Connect(by(server).Issue(shape)));
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await access.WhoAmIAsync(new WhoAmIRequest()));
        Assert.Equal(
            (StatusCode.Unauthenticated, AccessRefusals.Unauthenticated.Message), (refused.StatusCode, refused.Status.Detail));
        Assert.Equal(ErrorReason.Unauthenticated, ClawGrpcError.From(refused).Reason);
        Assert.Contains(
            server.Fixture.Log.All.Skip(before),
            line => line.Contains("Refused an unknown caller (certificate)", StringComparison.Ordinal)
                && line.Contains(why, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Certificate_that_a_leaf_has_signed_is_refused()
    {
        var server = shared.Tls;
        var leaf = server.ClientAuthority.ByLeaf(Plain with { CommonName = "leaf" });
        var access = new AccessService.AccessServiceClient(server.Connect(leaf.Issue(Plain), between: leaf.Certificate));
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await access.WhoAmIAsync(new WhoAmIRequest()));
        Assert.Equal(
            (StatusCode.Unauthenticated, AccessRefusals.Unauthenticated.Message), (refused.StatusCode, refused.Status.Detail));
        Assert.Contains("its chain to an authority is refused", server.Fixture.Log.All.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_whose_names_cannot_be_read_breaks_the_handshake()
    {
        // The name is said to be longer than what holds it.
        var malformed = new X509Extension("2.5.29.17", [0x30, 0x03, 0x82, 0x7f, 0x61], false);
        var certificate = shared.Tls.ClientAuthority.Issue(Plain with { Dns = [], More = [malformed] });
        Assert.Null(CertificateFacts.Of(certificate));
        var access = new AccessService.AccessServiceClient(shared.Tls.Connect(certificate));
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await access.WhoAmIAsync(new WhoAmIRequest()));

        // What the client says depends on how far it is when the server hangs up.
        Assert.Contains(refused.StatusCode, new[] { StatusCode.Unavailable, StatusCode.Internal });
    }

    private static Rule Id(string uri, string why) => new(server => server.DomainAuthority, OfDomain with { Uris = [uri] }, why);

    private sealed record Rule(Func<TlsServer, TestAuthority> By, CertificateShape Shape, string Why);

    /// <summary>One server for all rules, whose clients would take what is right.</summary>
    public sealed class Server : IAsyncLifetime
    {
        internal TlsServer Tls { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Tls = await TlsServer.StartWithDomainsAsync();
            await Tls.BindAsync("plain", "dns:build.example");
            await Tls.BindAsync("workload", $"uri:{Svid}");
            await Tls.BindAsync("team", "uri:spiffe://td.example/team/*");
        }

        public async Task DisposeAsync() => await Tls.DisposeAsync();
    }
}
