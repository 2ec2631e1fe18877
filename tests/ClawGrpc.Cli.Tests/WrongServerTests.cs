using System.Net;
using System.Net.Sockets;
using System.Text;
using ClawGrpc.Cli.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace ClawGrpc.Cli.Tests;

/// <summary>A server of another kind, or none: one sentence says what is there, and one what to do.</summary>
public sealed class WrongServerTests : IAsyncLifetime
{
    private const string WebServer =
        "It answers as a web server does, and not as ClawGrpc. claw calls the address of clawgrpc --listen, not that of --http.";

    private readonly Terminal _terminal = new();
    private readonly Certificates _certificates = new();

    public async Task InitializeAsync() => await File.WriteAllTextAsync(_terminal.FilePath("ca.pem"), _certificates.Ca);

    public async Task DisposeAsync()
    {
        _certificates.Dispose();
        await _terminal.DisposeAsync();
    }

    [Theory]
    [InlineData(HttpProtocols.Http1, false)]
    [InlineData(HttpProtocols.Http2, false)]
    [InlineData(HttpProtocols.Http1, true)]
    [InlineData(HttpProtocols.Http1AndHttp2, true)]
    public async Task Web_page_is_no_server(HttpProtocols protocols, bool tls)
    {
        await using var page = await PageAsync(protocols, tls);
        var endpoint = $"{(tls ? "https" : "http")}://localhost:{PortOf(page)}";
        var (error, expected) = (await ErrorAsync(endpoint), $"Error: There is no ClawGrpc server at {endpoint}. {WebServer}\n");

        // A server of HTTP/1 alone answers and closes; the system may tell of the end first.
        if (protocols == HttpProtocols.Http1 && !tls && error != expected)
            expected = Closed(endpoint) + $" One that takes TLS is called by https://localhost:{PortOf(page)}\n";
        Assert.Equal(expected, error);
    }

    [Fact]
    public async Task Port_with_TLS_is_called_by_https()
    {
        await using var page = await PageAsync(HttpProtocols.Http1AndHttp2, tls: true);
        var port = PortOf(page);
        var (plain, secure) = ($"http://localhost:{port}", $"https://localhost:{port}");
        Assert.Contains(
            await ErrorAsync(plain),
            new[]
            {
                $"Error: There is no ClawGrpc server at {plain}, or it takes TLS only: {secure}\n",
                Closed(plain) + $" One that takes TLS is called by {secure}\n",
            });
    }

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task Port_without_TLS_is_called_by_http(HttpProtocols protocols)
    {
        await using var page = await PageAsync(protocols, tls: false);
        var port = PortOf(page);
        Assert.Equal(
            $"Error: What listens at https://localhost:{port} does not speak TLS. Call http://localhost:{port}\n",
            await ErrorAsync($"https://localhost:{port}"));
    }

    [Fact]
    public async Task Certificate_of_another_CA_names_the_option()
    {
        await using var page = await PageAsync(HttpProtocols.Http1AndHttp2, tls: true);
        var endpoint = $"https://localhost:{PortOf(page)}";
        var run = await _terminal.ClawAsync("agents", "list", "--endpoint", endpoint);
        Assert.StartsWith($"Error: The certificate of {endpoint} is not accepted: ", run.Error, StringComparison.Ordinal);
        Assert.EndsWith(". --ca FILE names the CA to trust.\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_of_another_protocol_is_no_server()
    {
        using var mail = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        mail.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await IsSomethingElseAsync(mail, $"http://{mail.LocalEndPoint}");
    }

    [Fact]
    public async Task Socket_of_another_program_is_no_server()
    {
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(_terminal.FilePath("other.sock")));
        await IsSomethingElseAsync(other, $"unix:{_terminal.FilePath("other.sock")}");
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", "Start one: clawgrpc --listen http://127.0.0.1:1")]
    [InlineData("https://127.0.0.1:1", "Start one: clawgrpc --listen https://127.0.0.1:1")]
    [InlineData("unix:/nowhere/x.sock", "Start one: clawgrpc --listen unix:/nowhere/x.sock")]
    [InlineData("unix:/nowhere/clawgrpc.sock", "Start one: clawgrpc --state-dir /nowhere")]
    public async Task Closed_port_says_how_to_start_a_server(string endpoint, string way) =>
        Assert.Equal($"Error: No ClawGrpc server at {endpoint}. {way}\n", await ErrorAsync(endpoint));

    [Fact]
    public async Task Host_that_is_unknown_is_said_to_be() => Assert.Equal(
        "Error: No ClawGrpc server at https://no-such-host.invalid: there is no host of this name. Is the address right?\n",
        await ErrorAsync("https://no-such-host.invalid"));

    [Fact]
    public async Task Path_of_a_file_or_a_folder_is_no_socket()
    {
        var (file, folder) = (_terminal.FilePath("ca.pem"), Path.GetDirectoryName(_terminal.SocketPath));
        Assert.Equal(
            $"Error: {file} is a file, not a socket. The socket of a server is clawgrpc.sock in its state folder.\n",
            await ErrorAsync($"unix:{file}"));
        Assert.Equal(
            $"Error: {folder} is a folder, not a socket. Did you mean unix:{folder}/clawgrpc.sock?\n",
            await ErrorAsync($"unix:{folder}"));
    }

    // Greets first, as servers of mail and of SSH do.
    private async Task IsSomethingElseAsync(Socket listener, string endpoint)
    {
        listener.Listen();
        var greeting = Task.Run(async () =>
        {
            using var client = await listener.AcceptAsync();
            await client.SendAsync(Encoding.ASCII.GetBytes("220 mail.example ESMTP ready\r\n"));
            try
            {
                while (await client.ReceiveAsync(new byte[1024]) > 0)
                {
                }
            }
            catch (SocketException)
            {
                // claw left with the rest of the greeting unread.
            }
        });

        // The greeting may come before the request is written, or while it is.
        Assert.Contains(
            await ErrorAsync(endpoint),
            new[]
            {
                $"Error: There is no ClawGrpc server at {endpoint}. Something else is there.\n",
                Closed(endpoint) + "\n",
                Closed(endpoint) + $" One that takes TLS is called by https{endpoint[4..]}\n",
            });
        await greeting;
    }

    private async Task<string> ErrorAsync(string endpoint)
    {
        var run = await _terminal.ClawAsync("agents", "list", "--endpoint", endpoint, "--ca", _terminal.FilePath("ca.pem"));
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.DoesNotContain("HTTP/2", run.Error, StringComparison.Ordinal);
        return run.Error;
    }

    private static string Closed(string endpoint) =>
        $"Error: The connection to {endpoint} broke: it was closed there. Is that a ClawGrpc server, and does it run?";

    private static int PortOf(WebApplication page) => new Uri(page.Urls.Single()).Port;

    private async Task<WebApplication> PageAsync(HttpProtocols protocols, bool tls)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var certificate = tls ? _certificates.Sign("localhost") : null;
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = protocols;
                if (certificate is not null)
                    listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = certificate });
            }));
        var page = builder.Build();
        page.Run(static context =>
        {
            context.Response.ContentType = "text/html";
            return context.Response.WriteAsync("<html>Hello</html>");
        });
        await page.StartAsync();
        return page;
    }
}
