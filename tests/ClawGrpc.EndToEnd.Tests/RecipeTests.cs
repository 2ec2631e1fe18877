using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>The recipes of docs/callers.md, as they stand.</summary>
public partial class RecipeTests
{
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

    // What the blocks of a section said on standard output, without the servers.
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
            var start = $"cd '{(isMember ? member!.Folder : fixture.Path)}'\n{(isServer ? "exec " : "")}{script}";
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
        // Free at this moment, and asked for a moment later.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string?[] programs =
            [member?.Folder, RunningProgram.OutputOf("ClawGrpc.Cli"), RunningProgram.OutputOf("ClawGrpc.Server")];
        return new Dictionary<string, string>
        {
            ["PATH"] = $"{string.Join(':', programs.OfType<string>())}:{Environment.GetEnvironmentVariable("PATH")}",
            ["HOME"] = fixture.Path,
            ["ANTHROPIC_BASE_URL"] = fixture.Sandbox.BaseUrl,
            ["ANTHROPIC_API_KEY"] = ProcessFixture.KeyOne,
            ["TEAM"] = Path.Join(member?.Folder, "team"),
            ["GROUP"] = $"{OtherUser.Id}",
            ["PORT"] = $"{((IPEndPoint)listener.LocalEndpoint).Port}",
        };
    }

    [GeneratedRegex("```sh( \\w+)?\n([^`]*)```")]
    private static partial Regex Block();
}
