using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary>Where the client library finds a token, and to whom it shows it.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private const string Secret = "claw_FAKE_of_the_test";
    private readonly string _folder = Directory.CreateTempSubdirectory("claw").FullName;
    private readonly Dictionary<string, string> _environment;
    private readonly Script _script = new();
    private ScriptedServer _server = null!;

    public TokenTests() => _environment = new() { ["CLAWGRPC_STATE_DIR"] = _folder };

    public async Task InitializeAsync()
    {
        _script.On<WhoAmIRequest>(_ => new WhoAmIResponse());
        _server = await ScriptedServer.StartOnPortAsync(_script);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Option_counts_before_file_before_variable_before_admin_token()
    {
        Assert.Equal("", await ShownAsync());
        await WriteAsync("admin-token", "of-the-operator\n");
        Assert.Equal("Bearer of-the-operator", await ShownAsync());
        _environment["CLAWGRPC_TOKEN"] = " of-the-variable ";
        Assert.Equal("Bearer of-the-variable", await ShownAsync());
        _environment["CLAWGRPC_TOKEN_FILE"] = await WriteAsync("file", "of-the-file\r\n");
        Assert.Equal("Bearer of-the-file", await ShownAsync());
        Assert.Equal("Bearer of-the-option", await ShownAsync(token: "of-the-option"));
        Assert.Equal(
            "Bearer of-the-other-file",
            await ShownAsync(token: "of-the-option", file: await WriteAsync("other", "of-the-other-file")));
    }

    [Fact]
    public async Task Replaced_file_is_taken_up_by_an_open_channel()
    {
        _environment["CLAWGRPC_TOKEN_FILE"] = await WriteAsync("file", "first");
        using var channel = ClawGrpcChannel.Create(Loopback, Options());
        var access = new AccessService.AccessServiceClient(channel);
        await access.WhoAmIAsync(new WhoAmIRequest());
        File.Move(await WriteAsync("new", "second"), _environment["CLAWGRPC_TOKEN_FILE"], overwrite: true);
        await access.WhoAmIAsync(new WhoAmIRequest());
        Assert.Equal(["Bearer first", "Bearer second"], _script.Authorizations);
    }

    [Fact]
    public async Task Admin_token_is_for_loopback_without_TLS_alone()
    {
        await WriteAsync("admin-token", Secret);
        var options = Options();
        Assert.Null(options.TokenOrigin(ClawGrpcEndpoint.Parse("unix:/claw.sock")));
        Assert.Null(options.TokenOrigin(ClawGrpcEndpoint.Parse("https://127.0.0.1:1")));
        Assert.Null(options.TokenOrigin(ClawGrpcEndpoint.Parse("http://10.0.0.1:1")));
        foreach (var loopback in new[] { "http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1" })
            Assert.Equal(Path.Combine(_folder, "admin-token"), options.TokenOrigin(ClawGrpcEndpoint.Parse(loopback)));
    }

    [Theory]
    [InlineData("http://10.0.0.1:1")]
    [InlineData("http://claw.example:1")]
    [InlineData("http://127.0.0.1.example:1")]
    public void Token_is_not_shown_in_the_clear_beyond_this_machine(string endpoint)
    {
        _environment["CLAWGRPC_TOKEN"] = Secret;
        var refusal = Assert.Throws<InvalidOperationException>(() => ClawGrpcChannel.Create(endpoint, Options()).Dispose());
        Assert.Equal(
            $"Refused to show the token of CLAWGRPC_TOKEN to {endpoint}: without TLS everybody on the way could read it. "
            + $"Call https{endpoint[4..]}, or call without a token.", refusal.Message);
        _environment.Remove("CLAWGRPC_TOKEN");
        ClawGrpcChannel.Create(endpoint, Options()).Dispose();
    }

    [Fact]
    public async Task Token_goes_over_the_socket_if_it_is_named()
    {
        await using var server = await ScriptedServer.StartAsync(Path.Combine(_folder, "clawgrpc.sock"), _script);
        await WriteAsync("admin-token", Secret);
        await CallAsync($"unix:{_folder}/clawgrpc.sock", Options());
        _environment["CLAWGRPC_TOKEN"] = "named";
        await CallAsync($"unix:{_folder}/clawgrpc.sock", Options());
        Assert.Equal(["", "Bearer named"], _script.Authorizations);
    }

    [Theory]
    [InlineData(null, "Could not find file")]
    [InlineData(" \n", "it is empty")]
    [InlineData(Secret + "\n" + Secret, "it holds more than one line of printable ASCII")]
    public async Task File_without_a_token_is_named_and_nothing_is_sent(string? content, string why)
    {
        var path = content is null ? Path.Combine(_folder, "gone") : await WriteAsync("file", content);
        var failure = await Assert.ThrowsAsync<RpcException>(
            () => CallAsync(Loopback, new ClawGrpcOptions { TokenFile = path, Environment = _environment.GetValueOrDefault }));
        Assert.Equal(StatusCode.Unauthenticated, failure.StatusCode);
        Assert.StartsWith($"There is no token to be had from {path}: {why}", failure.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, failure.ToString(), StringComparison.Ordinal);
        Assert.Empty(_script.Authorizations);
    }

    [Fact]
    public async Task Failures_and_options_do_not_show_the_token()
    {
        _script.On<WhoAmIRequest>(_ => throw Script.Failure(StatusCode.Unauthenticated, ErrorReason.Unauthenticated, "no"));
        var options = new ClawGrpcOptions { Token = Secret, Environment = _environment.GetValueOrDefault };
        var failure = await Assert.ThrowsAsync<RpcException>(() => CallAsync(Loopback, options));
        Assert.Equal($"Bearer {Secret}", Assert.Single(_script.Authorizations));
        Assert.DoesNotContain(Secret, $"{failure}{options}{options.TokenOrigin(ClawGrpcEndpoint.Parse(Loopback))}",
            StringComparison.Ordinal);
        Assert.DoesNotContain(
            typeof(ClawGrpcOptions).GetProperties(),
            property => property.GetGetMethod() is { } get && Equals(get.Invoke(options, null), Secret));
    }

    private string Loopback => $"http://127.0.0.1:{_server.Port}";

    private ClawGrpcOptions Options() => new() { Environment = _environment.GetValueOrDefault };

    private static async Task CallAsync(string endpoint, ClawGrpcOptions options)
    {
        using var channel = ClawGrpcChannel.Create(endpoint, options);
        await new AccessService.AccessServiceClient(channel).WhoAmIAsync(new WhoAmIRequest());
    }

    private async Task<string> ShownAsync(string? token = null, string? file = null)
    {
        await CallAsync(
            Loopback,
            new ClawGrpcOptions { Token = token, TokenFile = file, Environment = _environment.GetValueOrDefault });
        return _script.Authorizations.Last();
    }

    private async Task<string> WriteAsync(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        await File.WriteAllTextAsync(path, content);
        return path;
    }
}
