using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using ClawGrpc.Testing;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>The recipes of docs/callers.md, as they stand.</summary>
public partial class RecipeTests
{
    private const string NeedsBuf = "buf comes from there";

    private static readonly string Page = File.ReadAllText(Path.Join(Repository.Root, "docs/callers.md"));

    [NeedsRootFact]
    public async Task Team_on_one_host()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        using var member = new OtherUser(fixture);
        var said = await RunAsync("A team on one host", fixture, member);
        Assert.Contains($"Client: team\nKnown by: unix (user {OtherUser.Id})\n", said, StringComparison.Ordinal);
        Assert.Contains("hello", said, StringComparison.Ordinal);
        Assert.Contains("as it should be\n", said, StringComparison.Ordinal);
        Assert.EndsWith("Removed client: team\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Service_to_service_with_tokens()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var said = await RunAsync("Service to service with tokens", fixture);
        Assert.Contains("Client: shop\nKnown by: token (", said, StringComparison.Ordinal);
        Assert.Matches(@"Revoked token: \w{12}\n\z", said);
        Assert.DoesNotContain(
            (await File.ReadAllTextAsync(Path.Join(fixture.Path, "shop-token"))).Trim(), fixture.AllOutput,
            StringComparison.Ordinal);
    }

    [NeedsFact("npm", NeedsBuf)]
    public async Task Token_over_tls()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var said = await RunAsync("TLS", fixture);
        Assert.Contains("Client: shop\nKnown by: token (", said, StringComparison.Ordinal);
        Assert.Contains("hello", said, StringComparison.Ordinal);
        Assert.Contains("\"agentId\": \"main\"", said, StringComparison.Ordinal);
        Assert.DoesNotContain(
            (await File.ReadAllTextAsync(Path.Join(fixture.Path, "shop-token"))).Trim(), fixture.AllOutput,
            StringComparison.Ordinal);
    }

    [NeedsFact("npm", NeedsBuf)]
    public async Task Service_to_service_with_certificates()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var said = await RunAsync("Service to service with certificates (mTLS, SPIFFE)", fixture);
        Assert.Contains("\"proof\": \"certificate\"", said, StringComparison.Ordinal);
        Assert.Contains("\"stopReason\": \"end_turn\"", said, StringComparison.Ordinal);
        Assert.Contains(
            "no client is bound to uri:spiffe://prod.example/ns/other/sa/x", fixture.AllOutput, StringComparison.Ordinal);
    }

    [NeedsFact("npm", NeedsBuf)]
    public async Task Kubernetes_service_accounts()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var said = await RunAsync("Kubernetes service accounts", fixture);
        Assert.Single(JwtProof().Matches(said));
        Assert.Contains(
            "no client is bound to the subject system:serviceaccount:other:nightly", fixture.AllOutput, StringComparison.Ordinal);
        Assert.Contains("it is not for the audience (aud) clawgrpc", fixture.AllOutput, StringComparison.Ordinal);
    }

    // What the blocks of a section said on standard output, without the servers that are a block of their own.
    private static async Task<string> RunAsync(string section, ProcessFixture fixture, OtherUser? member = null)
    {
        var text = Page.Split("\n## ").Single(part => part.StartsWith($"{section}\n", StringComparison.Ordinal));
        var variables = Variables(fixture, member);
        var said = "";
        foreach (Match block in Block().Matches(text))
        {
            var (kind, script) = (block.Groups[1].Value, block.Groups[2].Value);
            var isServer = script.StartsWith("clawgrpc ", StringComparison.Ordinal);
            var isMember = kind == " member";
            string[] shell = isMember ? [.. OtherUser.Become, "/bin/bash"] : ["/bin/bash"];

            // A block may start servers in the background too.
            var start = $"cd '{(isMember ? member!.Folder : fixture.Path)}'\n"
                + (isServer ? $"exec {script}" : $"trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n{script}");
            var program = fixture.Keep(RunningProgram.Start(
                shell[0], variables, [.. shell[1..], "-euo", "pipefail", "-c", start]));
            if (isServer)
            {
                await program.LineWithAsync("clawgrpc ready on ");
                continue;
            }

            Assert.True(await program.ExitAsync() == 0, $"{script}\n{program.Out}{program.Error}");
            said += program.Out;
        }

        return said;
    }

    private static Dictionary<string, string> Variables(ProcessFixture fixture, OtherUser? member)
    {
        string?[] programs =
        [
            member?.Folder, RunningProgram.OutputOf("ClawGrpc.Cli"), RunningProgram.OutputOf("ClawGrpc.Server"),
            RunningProgram.OutputOf("ClawGrpc.Sandbox"), Path.Join(Repository.Root, "eng"),
        ];
        return new Dictionary<string, string>
        {
            ["PATH"] = $"{string.Join(':', programs.OfType<string>())}:{Environment.GetEnvironmentVariable("PATH")}",
            ["HOME"] = fixture.Path,

            // For buf, which npm installs at its first use.
            ["NPM_CONFIG_USERCONFIG"] = Path.Join(
                Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".npmrc"),
            ["ANTHROPIC_BASE_URL"] = fixture.Sandbox.BaseUrl,
            ["ANTHROPIC_API_KEY"] = ProcessFixture.KeyOne,
            ["TEAM"] = Path.Join(member?.Folder, "team"),
            ["GROUP"] = $"{OtherUser.Id}",
            ["PORT"] = $"{FreePort()}",
            ["SANDBOX_PORT"] = $"{FreePort()}",
        };
    }

    // Free at this moment, and asked for a moment later.
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("```(?:ba)?sh( \\w+)?\n([^`]*)```")]
    private static partial Regex Block();

    [GeneratedRegex("\"proof\": \"jwt\"")]
    private static partial Regex JwtProof();
}
