using System.Text.RegularExpressions;
using ClawGrpc.Testing;
using ClawGrpc.V1;

namespace ClawGrpc.EndToEnd.Tests.Replicas;

/// <summary>The commands of docs/replicas.md, in their order: set up, import, configure, rotate, dump, restore.</summary>
public partial class PageTests
{
    private static readonly string Page = File.ReadAllText(Path.Join(Repository.Root, "docs/replicas.md"));

    [NeedsPostgresFact]
    public async Task Commands_of_the_page_run()
    {
        using var cluster = new PostgresCluster();
        await using var fixture = await ProcessFixture.BuildAsync();
        await Certificates.MakeAsync(fixture);
        var environment = await PrepareAsync(fixture, cluster);
        foreach (Match block in Block().Matches(Page))
        {
            var text = block.Groups["text"].Value.Replace(":7443", ":0", StringComparison.Ordinal);
            text = Dsn().Replace(text, dsn => $"'{dsn.Groups[1].Value}@localhost{dsn.Groups[2].Value}?host={cluster.Folder}'");
            var isServer = block.Groups["server"].Success;
            var program = fixture.Keep(RunningProgram.Start(
                "/bin/bash", environment,
                ["-euo", "pipefail", "-c", $"cd ~\n{(isServer ? Server().Replace(text, "exec clawgrpc ") : text)}"]));
            if (isServer)
                await program.LineWithAsync("clawgrpc ready on ");
            else
                Assert.True(await program.ExitAsync() == 0, $"{text}\n{program.Out}{program.Error}");
            if (text.StartsWith("createuser", StringComparison.Ordinal))
            {
                // As \password does.
                foreach (var role in new[] { "clawgrpc_migrate", "clawgrpc_app", "clawgrpc_read" })
                    cluster.Query("postgres", $"ALTER ROLE {role} PASSWORD '{PostgresCluster.AdminPassword}'");
            }
        }

        // The keys were rotated before the dump: what was restored opens with the new one.
        foreach (var folder in new[] { "replica", "restored" })
        {
            using var channel = Client.ClawGrpcChannel.Create(
                Client.ClawGrpcEndpoint.Parse($"unix:{fixture.Path}/{folder}/clawgrpc.sock"));
            Assert.Equal("served", await ProcessFixture.CompleteAsync(channel));
            var sealing = (await new AuthService.AuthServiceClient(channel).GetSealingAsync(new GetSealingRequest())).Sealing;
            Assert.Equal([0, 1], sealing.Keys.Select(key => key.SealedCount));
            Assert.EndsWith("/next.key", sealing.Keys[1].Path, StringComparison.Ordinal);
        }

        // The page makes the operator a token; the replicas, which have ports, leave none.
        var clients = cluster.Query(
            "clawgrpc", "SELECT convert_from(body, 'UTF8') FROM clawgrpc.document WHERE name = 'clients.json'");
        Assert.Contains("operator", clients, StringComparison.Ordinal);
        Assert.DoesNotContain("admin-token", clients, StringComparison.Ordinal);
        await AssertNotReplacedAsync(fixture, environment, cluster);
        Assert.DoesNotContain(ProcessFixture.KeyOne, cluster.Dump("clawgrpc"), StringComparison.Ordinal);
        Assert.Equal("f", cluster.Query(
            "clawgrpc", "SELECT has_table_privilege('clawgrpc_read', 'clawgrpc.document', 'SELECT')"));
    }

    // The configuration was edited and not replaced, and is not written over what was changed after it was read.
    private static async Task AssertNotReplacedAsync(
        ProcessFixture fixture, Dictionary<string, string> environment, PostgresCluster cluster)
    {
        Assert.Contains(fixture.Sandbox.BaseUrl, ConfigurationIn(cluster), StringComparison.Ordinal);
        Assert.Equal(0, await RunAsync(BlockWith("EDITOR")));
        cluster.Query(
            "clawgrpc", "UPDATE clawgrpc.document SET body = '{}', revision = revision + 1 WHERE name = 'clawgrpc.json'");
        Assert.NotEqual(0, await RunAsync(BlockWith("cat clawgrpc.revision")));
        Assert.Equal("{}", ConfigurationIn(cluster));

        Task<int> RunAsync(string text) => fixture.Keep(RunningProgram.Start(
            "/bin/bash", environment, ["-euo", "pipefail", "-c", $"cd ~\n{text}"])).ExitAsync();
    }

    private static string BlockWith(string text) =>
        Block().Matches(Page).Select(block => block.Groups["text"].Value).Single(
            block => block.Contains(text, StringComparison.Ordinal));

    private static string ConfigurationIn(PostgresCluster cluster) => cluster.Query(
        "clawgrpc", "SELECT convert_from(body, 'UTF8') FROM clawgrpc.document WHERE name = 'clawgrpc.json'");

    // A home with a state folder, and what programs of PostgreSQL go by.
    private static async Task<Dictionary<string, string>> PrepareAsync(ProcessFixture fixture, PostgresCluster cluster)
    {
        await fixture.ServeAsync();
        using (var channel = fixture.Connect())
            await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        File.CreateSymbolicLink(Path.Join(fixture.Path, ".clawgrpc"), fixture.State);
        foreach (var (project, name) in new[] { ("ClawGrpc.Cli", "claw"), ("ClawGrpc.Server", "clawgrpc") })
        {
            Directory.CreateDirectory(Path.Join(fixture.Path, "bin"));
            File.CreateSymbolicLink(Path.Join(fixture.Path, "bin", name), RunningProgram.FileOf(project, name));
        }

        // Does what the page's example says: adds its member to what is there.
        var editor = Path.Join(fixture.Path, "bin", "edit");
        await File.WriteAllTextAsync(editor, $"#!/bin/sh\nsed -i '1s|^{{|{{ {Example().Match(Page).Groups[1]}|' \"$1\"\n");
        File.SetUnixFileMode(editor, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var passwords = Path.Join(fixture.Path, ".pgpass");
        await File.WriteAllTextAsync(passwords, $"*:*:*:*:{PostgresCluster.AdminPassword}\n");
        File.SetUnixFileMode(passwords, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new Dictionary<string, string>
        {
            ["HOME"] = fixture.Path,
            ["PATH"] = $"{fixture.Path}/bin:{PostgresCluster.Programs}:{Environment.GetEnvironmentVariable("PATH")}",
            ["PGHOST"] = cluster.Folder,
            ["PGUSER"] = "postgres",
            ["PGPASSFILE"] = passwords,
            ["EDITOR"] = editor,
            ["ANTHROPIC_BASE_URL"] = fixture.Sandbox.BaseUrl,
            ["CLAWGRPC_ENDPOINT"] = $"unix:{fixture.Path}/replica/clawgrpc.sock",
        };
    }

    [GeneratedRegex("^```sh postgres(?<server>-server)?\n(?<text>[^`]*)```", RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex("```json5\n{\n *([^`\n]*)\n}")]
    private static partial Regex Example();

    [GeneratedRegex(@"(postgresql://\w+)@db\.example(/\w+)")]
    private static partial Regex Dsn();

    [GeneratedRegex(@"(?m)^clawgrpc ")]
    private static partial Regex Server();
}
