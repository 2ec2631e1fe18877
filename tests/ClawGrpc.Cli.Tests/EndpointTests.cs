using ClawGrpc.Client;

namespace ClawGrpc.Cli.Tests;

/// <summary>Endpoints, and the choice of the server to call.</summary>
public class EndpointTests
{
    [Theory]
    [InlineData("unix:/run/claw.sock", "unix:/run/claw.sock")]
    [InlineData("unix:///run/claw.sock", "unix:/run/claw.sock")]
    [InlineData(" http://127.0.0.1:8080 ", "http://127.0.0.1:8080")]
    [InlineData("https://claw.example", "https://claw.example")]
    [InlineData("https://claw.example:8443/", "https://claw.example:8443")]
    public void Endpoint_is_parsed_and_printed(string text, string expected) =>
        Assert.Equal(expected, ClawGrpcEndpoint.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("unix:")]
    [InlineData("127.0.0.1:8080")]
    [InlineData("ftp://host")]
    [InlineData("http://")]
    public void Invalid_endpoint_is_refused(string text) => Assert.Throws<FormatException>(() => ClawGrpcEndpoint.Parse(text));

    [Fact]
    public void Too_long_socket_path_is_refused_by_name()
    {
        var refusal = Assert.Throws<FormatException>(() => ClawGrpcEndpoint.Parse("unix:/" + new string('a', 107)));
        Assert.Contains("at most 107 bytes", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(107, ClawGrpcEndpoint.Parse("unix:/" + new string('a', 106)).SocketPath!.Length);
    }

    [Fact]
    public void Explicit_endpoint_wins_over_variable_over_state_folder()
    {
        var environment = new Dictionary<string, string> { ["HOME"] = "/srv/u" };
        string Resolved(string? named) => ClawGrpcEndpoint.Resolve(named, environment.GetValueOrDefault).ToString();

        Assert.Equal("unix:/srv/u/.clawgrpc/clawgrpc.sock", Resolved(null));
        environment["OPENCLAW_STATE_DIR"] = "~/claws";
        Assert.Equal("unix:/srv/u/claws/clawgrpc.sock", Resolved(null));
        environment["CLAWGRPC_STATE_DIR"] = "/var/lib/claw";
        Assert.Equal("unix:/var/lib/claw/clawgrpc.sock", Resolved(" "));
        environment["CLAWGRPC_ENDPOINT"] = "http://127.0.0.1:1";
        Assert.Equal("http://127.0.0.1:1", Resolved(null));
        Assert.Equal("https://other", Resolved("https://other"));
    }
}
