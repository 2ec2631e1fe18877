using System.Net;
using System.Net.Sockets;
using System.Text;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Hosting;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Http;

/// <summary>Where the Messages API listens, and by which proofs programs get in.</summary>
public class HttpListenerTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Port_with_TLS_speaks_both_versions(string version)
    {
        await using var server = await TlsServer.StartAsync(overHttp: true);
        await server.Fixture.OnboardAsync();
        var token = await server.Fixture.AddClientAsync("ci", [Scope.Complete]);
        using var http = new HttpClient(server.NewHandler()) { BaseAddress = new Uri("https://localhost") };
        using var request = MessagesOverHttp.Request(MessagesOverHttp.StreamBody, headers: ("x-api-key", token.Text));
        (request.Version, request.VersionPolicy) = (Version.Parse(version), HttpVersionPolicy.RequestVersionExact);
        using var response = await http.SendAsync(request);
        Assert.Equal((200, Version.Parse(version)), ((int)response.StatusCode, response.Version));
        Assert.Contains("message_stop", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var without = await http.SendAsync(MessagesOverHttp.Request(MessagesOverHttp.Body));
        Assert.Equal(401, (int)without.StatusCode);
    }

    [Fact]
    public async Task Certificate_of_a_client_is_a_proof()
    {
        await using var server = await TlsServer.StartAsync(overHttp: true);
        await server.Fixture.OnboardAsync();
        await server.BindAsync("build", "dns:build.example", Scope.Complete);
        var shown = server.ClientAuthority.Issue(new CertificateShape { Dns = ["build.example"] });
        using var http = new HttpClient(server.NewHandler(shown)) { BaseAddress = new Uri("https://localhost") };
        using var response = await http.SendAsync(MessagesOverHttp.Request(MessagesOverHttp.Body));
        Assert.Equal(200, (int)response.StatusCode);

        // A header counts before it.
        using var wrong = MessagesOverHttp.Request(MessagesOverHttp.Body, headers: ("x-api-key", "nonsense"));
        using var other = await http.SendAsync(wrong);
        Assert.Equal(401, (int)other.StatusCode);
    }

    [Theory]
    [InlineData("authorization", "", 200)]
    [InlineData("x-api-key", "", 401)]
    [InlineData("authorization", "claw_nonsense", 401)]
    public async Task Signed_token_is_a_proof_where_it_stands_alone(string header, string beside, int status)
    {
        await using var server = await JwtServer.StartAsync(scopes: "'complete'");
        await server.Fixture.OnboardAsync();
        var scheme = header == "authorization" ? "Bearer " : "";
        var headers = new List<(string, string)> { (header, scheme + server.NewToken().Text) };
        if (beside.Length > 0)
            headers.Add(("x-api-key", beside));
        Assert.Equal(status, (await server.Fixture.PostAsync(MessagesOverHttp.Body, [.. headers])).Status);
    }

    [Fact]
    public async Task Loopback_port_takes_a_proof_and_its_own_hosts()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl);
        fixture.Listen = usual => usual with { Http = [new ListenAddress.Loopback(IPAddress.Loopback, 0)] };
        await fixture.StartServerAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync("ci", [Scope.Complete]);
        using var http = new HttpClient { BaseAddress = fixture.BoundTo("http") };
        foreach (var (host, shown, status) in new[]
        {
            ("localhost", token.Text, 200), ("127.0.0.1", token.Text, 200), ("localhost", null, 401),
            ("rebound.example", token.Text, 400),
        })
        {
            using var request = MessagesOverHttp.Request(MessagesOverHttp.Body);
            request.Headers.Host = host;
            if (shown is not null)
                request.Headers.Add("x-api-key", shown);
            using var response = await http.SendAsync(request);
            var answer = await HttpAnswer.OfAsync(response);
            Assert.Equal((host, status), (host, answer.Status));
            if (status != 200)
                Assert.Equal(status == 400 ? "invalid_request_error" : "authentication_error", answer.Type);
        }
    }

    [Fact]
    public async Task Faces_do_not_mix()
    {
        await using var fixture = await ServerFixture.StartAsync();
        using var grpc = new HttpClient(fixture.NewHandler())
        {
            BaseAddress = new Uri("http://localhost"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await grpc.GetAsync("/v1/models");
        Assert.DoesNotContain("claude", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(fixture.Sandbox.Requests);
    }

    [Theory]
    [InlineData("http://127.0.0.1:7001", "http://127.0.0.1:7001", "is a --listen too")]
    [InlineData("http://127.0.0.1:7001", "http://192.0.2.1:7002", "--http http://192.0.2.1:7002: refusing to listen")]
    [InlineData("http://127.0.0.1:7001", "nonsense", "--http nonsense: expected")]
    public void Address_that_cannot_be_is_refused_by_the_name_of_its_option(string listen, string http, string told)
    {
        using var folder = new StateFiles();
        var command = new CommandLine(null, [listen]) { Http = [http] };
        var failure = Assert.Throws<StartException>(
            () => Listening.Of(command, StateFolder.Resolve(folder.Path, _ => null, folder.Path)));
        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_on_the_connection_gets_no_page()
    {
        await using var fixture = await ServerFixture.StartAsync();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(fixture.Files["http.sock"]));
        await socket.SendAsync("GET / HTTP/9.9\r\n\r\n"u8.ToArray());
        var answer = new byte[4096];
        var text = Encoding.ASCII.GetString(answer, 0, await socket.ReceiveAsync(answer));
        Assert.StartsWith("HTTP/1.1 505", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<", text, StringComparison.Ordinal);
    }
}
