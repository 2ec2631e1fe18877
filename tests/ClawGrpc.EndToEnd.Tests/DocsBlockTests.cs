using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>The command blocks of the README and the pages of docs, as they stand. Those of docs/callers.md are recipes, which
/// RecipeTests runs.</summary>
public sealed partial class DocsBlockTests
{
    private const string Recipes = "docs/callers.md";

    // Beside plain blocks, which run. `server`: runs beside the others. `ci`: .ci/run has these lines. `terminal`:
    // TerminalTests run it in one. `shells`: CompletionTests run it in each shell. `system`: changes the machine.
    // `postgres`, `postgres-server`: Replicas.PageTests runs them. `anthropic`: needs a real key.
    private static readonly string[] Kinds =
        ["", "server", "ci", "terminal", "shells", "system", "postgres", "postgres-server", "anthropic"];

    // What a reader has, and the blocks use.
    private const string Prelude =
        "mkdir -p .config; echo \"$KEY\" > key-file; echo \"$TOKEN\" > token-file; echo 'A manual.' > manual.txt; "
        + "git init -q .; echo one > changed; git add changed; echo two > changed";

    public static TheoryData<string> Pages => [.. AllPages().Where(page => page != Recipes && BlocksOf(page).Any(Runs))];

    [Fact]
    public void Every_block_runs_or_says_why_not()
    {
        Assert.All(AllPages().Where(page => page != Recipes), page => Assert.All(
            BlocksOf(page), block => Assert.True(Kinds.Contains(block.Kind), $"{page}: unknown kind of block sh {block.Kind}")));
        var ci = File.ReadAllText(Path.Join(Repository.Root, ".ci/run"));
        Assert.All(
            AllPages().SelectMany(BlocksOf).Where(block => block.Kind == "ci").SelectMany(block => block.Text.Trim().Split('\n')),
            line => Assert.Contains($"'{line}'", ci, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_recipe_with_a_block_is_run()
    {
        var tests = File.ReadAllText(Path.Join(Repository.Root, "tests/ClawGrpc.EndToEnd.Tests/RecipeTests.cs"));
        var sections = File.ReadAllText(Path.Join(Repository.Root, Recipes)).Split("\n## ").Skip(1)
            .Where(section => Fence().IsMatch(section)).Select(section => section.Split('\n')[0]);
        Assert.All(sections, section => Assert.Contains($"RunAsync(\"{section}\", fixture", tests, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Blocks_of_a_page_run(string page)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var blocks = BlocksOf(page).ToList();
        var environment = EnvironmentOf(fixture);
        Directory.CreateDirectory(Path.Join(fixture.Path, "bin"));
        foreach (var (project, name) in new[]
        {
            ("ClawGrpc.Cli", "claw"), ("ClawGrpc.Server", "clawgrpc"), ("ClawGrpc.Sandbox", "sandbox"),
        })
        {
            File.CreateSymbolicLink(Path.Join(fixture.Path, "bin", name), RunningProgram.FileOf(project, name));
        }

        await RunAsync(fixture, environment, Prelude);
        if (blocks.TrueForAll(block => block.Kind != "server"))
        {
            await ServeAsync(fixture, environment, "clawgrpc");
            await RunAsync(fixture, environment, "claw onboard --anthropic-api-key - < key-file");
        }

        var ports = new Dictionary<string, string>();
        foreach (var block in blocks.Where(Runs))
        {
            // A page names a port that may be in use here.
            var text = Port().Replace(
                block.Text, match => ports.TryGetValue(match.Value, out var port) ? port : ports[match.Value] = FreePort());
            if (block.Kind == "server")
            {
                await ServeAsync(fixture, environment, text.Trim());
                continue;
            }

            var said = await RunAsync(fixture, environment, text);
            if (block.Output is { } output)
                Assert.Equal(output, said);
        }
    }

    private static async Task ServeAsync(ProcessFixture fixture, Dictionary<string, string> environment, string line)
    {
        // Variables stand before the command, and exec behind them would be one.
        var script = $"cd '{fixture.Path}'; export {Assignments().Match(line)}; exec {Assignments().Replace(line, "")}";
        var program = fixture.Keep(RunningProgram.Start("/bin/bash", environment, ["-c", script]));
        await program.LineWithAsync(line.Contains("sandbox", StringComparison.Ordinal) ? "listening on" : "clawgrpc ready on ");
    }

    private static async Task<string> RunAsync(ProcessFixture fixture, Dictionary<string, string> environment, string script)
    {
        var program = fixture.Keep(RunningProgram.Start(
            "/bin/bash", environment, ["-euo", "pipefail", "-c", $"cd '{fixture.Path}'\n{script}"]));
        Assert.True(await program.ExitAsync() == 0, $"{script}\n{program.Out}{program.Error}");
        return program.Out;
    }

    private static Dictionary<string, string> EnvironmentOf(ProcessFixture fixture) => new()
    {
        ["PATH"] = $"{fixture.Path}/bin:{Environment.GetEnvironmentVariable("PATH")}",
        ["HOME"] = fixture.Path,
        ["ANTHROPIC_BASE_URL"] = fixture.Sandbox.BaseUrl,
        ["KEY"] = ProcessFixture.KeyOne,
        ["TOKEN"] = "sk-ant-oat01-FAKE-" + new string('0', 80),
    };

    private static bool Runs(Block block) => block.Kind is "" or "server";

    private static IEnumerable<string> AllPages() => Directory.EnumerateFiles(Path.Join(Repository.Root, "docs"), "*.md")
        .Select(path => $"docs/{Path.GetFileName(path)}").Prepend("README.md").Order(StringComparer.Ordinal);

    private static IEnumerable<Block> BlocksOf(string page) =>
        Fence().Matches(File.ReadAllText(Path.Join(Repository.Root, page))).Select(match => new Block(
            match.Groups["kind"].Value.Trim(),
            match.Groups["text"].Value,
            match.Groups["output"].Success ? match.Groups["output"].Value : null));

    private static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"{((IPEndPoint)listener.LocalEndpoint).Port}";
    }

    [GeneratedRegex("^```(?:ba)?sh\\b(?<kind>[^\n]*)\n(?<text>[^`]*)```\n(?:\n```text output\n(?<output>[^`]*)```)?",
        RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"(?<=127\.0\.0\.1:)\d+")]
    private static partial Regex Port();

    [GeneratedRegex(@"^(?:[A-Z_]+=\S+ )*")]
    private static partial Regex Assignments();

    /// <summary>A block of commands, and the output that the page shows for it.</summary>
    private sealed record Block(string Kind, string Text, string? Output);
}
