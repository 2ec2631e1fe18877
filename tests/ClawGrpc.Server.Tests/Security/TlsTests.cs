using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using ClawGrpc.Client;
using ClawGrpc.Server.Hosting;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Server.Tls;
using ClawGrpc.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>The server's own certificate, and what a start with TLS takes.</summary>
public class TlsTests
{
    [Fact]
    public async Task Certificate_is_swapped_under_load_without_a_failed_call()
    {
        await using var server = await TlsServer.StartAsync();
        var token = await server.Fixture.AddClientAsync("ci", [Scope.Status]);
        using var stop = new CancellationTokenSource();
        var calls = 0;
        var callers = Enumerable.Range(0, 8).Select(_ => CallAsync()).ToList();
        var shown = new HashSet<string>();
        for (var swap = 0; swap < 6; swap++)
        {
            var next = server.ServerAuthority.IssueForServer();
            await server.ShowAsync(next);
            await ServerFixture.EventuallyAsync(async () =>
            {
                server.Look();
                return await ThumbprintAsync(server) == next.Thumbprint;
            });
            shown.Add(next.Thumbprint);
            var seen = calls;
            await ServerFixture.EventuallyAsync(() => Task.FromResult(calls >= seen + callers.Count));
        }

        await stop.CancelAsync();
        await Task.WhenAll(callers);
        Assert.Equal(6, shown.Count);

        // Each over a connection of its own.
        async Task CallAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                using var channel = server.Connect();
                await new AccessService.AccessServiceClient(channel).WhoAmIAsync(new WhoAmIRequest(), token.Headers);
                Interlocked.Increment(ref calls);
            }
        }
    }

    [Fact]
    public async Task Broken_certificate_leaves_the_last_good_one_in_force()
    {
        await using var server = await TlsServer.StartAsync();
        var before = await ThumbprintAsync(server);
        var next = server.ServerAuthority.IssueForServer();
        await File.WriteAllTextAsync(server.CertPath, next.ExportCertificatePem());
        await ServerFixture.EventuallyAsync(() =>
        {
            server.Look();
            return Task.FromResult(server.Fixture.Log.All.Any(line =>
                line.Contains("cannot be used together", StringComparison.Ordinal)
                && line.Contains("The last good one stays in force.", StringComparison.Ordinal)));
        });
        Assert.Equal(before, await ThumbprintAsync(server));
        await server.ShowAsync(next);
        await ServerFixture.EventuallyAsync(async () =>
        {
            server.Look();
            return await ThumbprintAsync(server) == next.Thumbprint;
        });
    }

    [Fact]
    public async Task End_of_the_certificate_is_warned_of_two_weeks_ahead()
    {
        await using var server = await TlsServer.StartAsync();
        var (time, log) = (server.Fixture.Time, server.Fixture.Log);
        await server.ShowAsync(server.ServerAuthority.Issue(new CertificateShape
        {
            Dns = ["localhost"],
            Purposes = [TestAuthority.ForServers],
            NotAfter = time.GetUtcNow().AddDays(14).AddMinutes(1),
        }));
        await server.Fixture.RestartServerAsync();
        Assert.DoesNotContain(log.All, IsWarning);
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Single(log.All, IsWarning);
        time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(2, log.All.Count(IsWarning));

        static bool IsWarning(string line) => line.Contains("The server's certificate ends at", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12, true)]
    [InlineData(SslProtocols.Tls13, true)]
#pragma warning disable SYSLIB0039, CA5397 // Refused, as it should be.
    [InlineData(SslProtocols.Tls11, false)]
#pragma warning restore SYSLIB0039, CA5397
    public async Task Versions_of_tls_from_1_2_are_taken(SslProtocols protocol, bool taken)
    {
        await using var server = await TlsServer.StartAsync();
        var failure = await Record.ExceptionAsync(() => HandshakeAsync(server, protocol));
        Assert.Equal(taken, failure is null);
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]:1234", true)]
    [InlineData("claw.example", true)]
    [InlineData("CLAW.example:443", true)]
    [InlineData("one.wild.example", true)]
    [InlineData("further.example", true)]
    [InlineData("two.one.wild.example", false)]
    [InlineData("wild.example", false)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("192.0.2.1", false)]
    public async Task Request_for_a_foreign_host_is_refused(string host, bool served)
    {
        await using var server = await TlsServer.StartAsync(
            "hosts: ['further.example']",
            server => server.ShowAsync(
                server.ServerAuthority.IssueForServer("localhost", "claw.example", "*.wild.example")));
        var token = await server.Fixture.AddClientAsync("ci", [Scope.Status]);
        var access = new AccessService.AccessServiceClient(server.Connect(host: host));
        if (served)
        {
            await access.WhoAmIAsync(new WhoAmIRequest(), token.Headers);
            return;
        }

        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await access.WhoAmIAsync(new WhoAmIRequest(), token.Headers));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal(":authority", Assert.Single(ClawGrpcError.From(refused).FieldViolations).Field);
    }

    [Fact]
    public async Task Loopback_port_without_tls_refuses_foreign_hosts_too()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        fixture.Listen = usual => usual with
        {
            Addresses = [.. usual.Addresses, new ListenAddress.Loopback(IPAddress.Loopback, 0)],
            InsecureLoopback = true,
        };
        await fixture.StartServerAsync();
        using var client = new HttpClient { DefaultRequestVersion = new Version(2, 0) };
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var request = new HttpRequestMessage(HttpMethod.Get, fixture.BoundTo("http"))
        {
            Version = new Version(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Host = "evil.example";
        using var answer = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var channel = GrpcChannel.ForAddress(fixture.BoundTo("http"));
        var who = await new AccessService.AccessServiceClient(channel).WhoAmIAsync(new WhoAmIRequest());
        Assert.Equal("local", who.Client.Name);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    public async Task Localhost_is_listened_on_at_its_addresses_of_both_versions(string scheme)
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        await using var server = await TlsServer.StartAsync();
        var usual = server.Fixture.Listen;
        server.Fixture.Listen = before => usual(before) with
        {
            Addresses = ListenAddress.Parse($"{scheme}://localhost:{port}", "--listen").Addresses,
        };
        await server.Fixture.RestartServerAsync();
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            // A machine may have no version 6.
            if (Sockets.WhyNotBound(new ListenAddress.Loopback(address, 0)) is not null)
                continue;
            using var socket = new TcpClient(address.AddressFamily);
            await socket.ConnectAsync(address, port);
        }
    }

    [Fact]
    public async Task Insecure_loopback_does_not_open_a_port_with_tls()
    {
        await using var server = await TlsServer.StartAsync();
        var usual = server.Fixture.Listen;
        server.Fixture.Listen = before => usual(before) with { InsecureLoopback = true };
        await server.Fixture.RestartServerAsync();
        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await new AccessService.AccessServiceClient(server.Connect()).WhoAmIAsync(new WhoAmIRequest()));
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    [Theory]
    [InlineData("no key", "--tls-key FILE (clawgrpc.tls.key) is missing")]
    [InlineData("no certificate", "--tls-cert FILE (clawgrpc.tls.cert) is missing")]
    [InlineData("a key that others read", "can be read or written by others. Mend it: chmod 600 ")]
    [InlineData("another key", "cannot be used together")]
    [InlineData("a file that is gone", "does not exist")]
    [InlineData("authorities that are none", "expected one or more certificates as PEM")]
    public async Task Start_with_unusable_tls_is_refused(string what, string why)
    {
        await using var server = await TlsServer.StartAsync();
        await server.Fixture.StopServerAsync();
        var usual = server.Fixture.Listen;
        server.Fixture.Listen = before =>
        {
            var listening = usual(before);
            return listening with
            {
                Tls = what switch
                {
                    "no key" => listening.Tls with { Key = null },
                    "no certificate" => listening.Tls with { Certificate = null },
                    _ => listening.Tls,
                },
            };
        };
        switch (what)
        {
            case "a key that others read":
                File.SetUnixFileMode(server.KeyPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
                break;
            case "another key":
                await File.WriteAllTextAsync(server.CertPath, server.ServerAuthority.IssueForServer().ExportCertificatePem());
                break;
            case "a file that is gone":
                File.Delete(server.CertPath);
                break;
            case "authorities that are none":
                await File.WriteAllTextAsync(server.ClientCaPath, "none\n");
                break;
        }

        var refused = await Assert.ThrowsAsync<UnusableTlsFileException>(server.Fixture.StartServerAsync);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    private static Task<string> ThumbprintAsync(TlsServer server) => HandshakeAsync(server, SslProtocols.None);

    private static async Task<string> HandshakeAsync(TlsServer server, SslProtocols protocol)
    {
        using var socket = new TcpClient("127.0.0.1", server.Fixture.BoundTo("https").Port);
        var thumbprint = "";
        await using var stream = new SslStream(socket.GetStream(), false, (_, certificate, _, _) =>
        {
            thumbprint = certificate!.GetCertHashString();
            return thumbprint.Length > 0;
        });
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocol,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
        });
        return thumbprint;
    }
}
