using ClawGrpc.Client;

namespace ClawGrpc.Cli.Tests;

/// <summary>Which server is called.</summary>
public class EndpointTests
{
    [Theory]
    [InlineData("unix:/run/claw.sock", "unix:/run/claw.sock")]
    [InlineData("unix:///run/claw.sock", "unix:/run/claw.sock")]
    [InlineData(" http://127.0.0.1:8080 ", "http://127.0.0.1:8080")]
    [InlineData("https://claw.example", "https://claw.example")]
    [InlineData("https://claw.example:8443/", "https://claw.example:8443")]
    public void An_endpoint_reads_as_it_is_written(string text, string expected) =>
        Assert.Equal(expected, ClawGrpcEndpoint.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("unix:")]
    [InlineData("127.0.0.1:8080")]
    [InlineData("ftp://host")]
    [InlineData("http://")]
    public void What_is_no_endpoint_is_refused(string text) => Assert.Throws<FormatException>(() => ClawGrpcEndpoint.Parse(text));

    [Fact]
    public void A_path_too_long_for_a_socket_is_refused_by_name_and_not_by_the_kernel()
    {
        var refusal = Assert.Throws<FormatException>(() => ClawGrpcEndpoint.Parse("unix:/" + new string('a', 107)));
        Assert.Contains("at most 107 bytes", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(107, ClawGrpcEndpoint.Parse("unix:/" + new string('a', 106)).SocketPath!.Length);
    }

    [Fact]
    public void What_the_caller_names_goes_before_the_variable_and_the_variable_before_the_state_folder()
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
