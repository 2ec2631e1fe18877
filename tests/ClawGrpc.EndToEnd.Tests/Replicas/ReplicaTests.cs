using System.Diagnostics;
using System.Globalization;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.EndToEnd.Tests.Replicas;

/// <summary>Replicas as processes of their own, and the commands that prepare their database.</summary>
public class ReplicaTests
{
    // What is written every five seconds takes a moment to be written.
    private static readonly TimeSpan LongestUnwritten = TimeSpan.FromSeconds(6);

    [NeedsPostgresFact]
    public async Task Killed_replica_loses_five_seconds_of_usage_at_most_and_another_says_so()
    {
        await using var fixture = await ReplicaFixture.BuildAsync();
        Assert.Equal(0, (await fixture.RunAsync("migrate")).Code);
        var other = await fixture.ServeAsync("other");
        var killed = await fixture.ServeAsync("killed");
        using var channel = fixture.Connect("killed");
        await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        var answered = new List<long>();
        var (start, span) = (Stopwatch.GetTimestamp(), LongestUnwritten + TimeSpan.FromSeconds(Runs.Of(few: 1, full: 20)));
        while (Stopwatch.GetElapsedTime(start) < span)
        {
            await CompleteAsync(channel);
            answered.Add(Stopwatch.GetTimestamp());
        }

        killed.Signal(RunningProgram.SigKill);
        var end = Stopwatch.GetTimestamp();
        await killed.ExitAsync();
        var due = answered.Count(at => Stopwatch.GetElapsedTime(at, end) > LongestUnwritten);
        var stored = int.Parse(fixture.Query("SELECT sum(completions) FROM clawgrpc.usage"), CultureInfo.InvariantCulture);
        Assert.True(due > 0);
        Assert.InRange(stored, due, answered.Count);

        // As after a minute.
        fixture.Query("UPDATE clawgrpc.replica SET seen = seen - interval '2 minutes' WHERE name = 'killed'");
        await other.ErrorWithAsync("The replica killed is gone without a word since ");
        await other.ErrorWithAsync("if it was killed, usage that it had not stored is lost");
    }

    // The database need not be there.
    [Fact]
    public async Task Folder_of_a_replica_is_not_used_without_its_database()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        const string nowhere = "postgresql://nobody@127.0.0.1:1/nothing";
        var replica = fixture.Server(new Dictionary<string, string> { ["CLAWGRPC_DSN"] = nowhere }, "--store", "postgres");
        await replica.ErrorWithAsync(
            "Waiting for the database. The database postgresql://127.0.0.1:1/nothing (CLAWGRPC_DSN) cannot be used: ");
        var claw = fixture.Claw("whoami");
        Assert.Equal(1, await claw.ExitAsync());
        Assert.Contains(
            $"Start one: clawgrpc --store postgres --state-dir {fixture.State}", claw.Error, StringComparison.Ordinal);
        replica.Signal(RunningProgram.SigKill);
        await replica.ExitAsync();

        var plain = fixture.Server();
        Assert.Equal(1, await plain.ExitAsync());
        Assert.Contains(
            $"Error: {fixture.State} is the folder of a replica, whose state is in a database. ", plain.Error,
            StringComparison.Ordinal);
        Assert.Contains("--store postgres", plain.Error, StringComparison.Ordinal);
        File.Delete(Path.Join(fixture.State, "clawgrpc-replica"));
        await fixture.ServeAsync();
    }

    [NeedsPostgresFact]
    public async Task Migrate_says_what_it_did()
    {
        await using var fixture = await ReplicaFixture.BuildAsync();
        var (code, said, _) = await fixture.RunAsync("migrate");
        Assert.Equal(0, code);
        Assert.Matches(
            @"\ATook step 001_documents\.\n(Took step \d{3}_\w+\.\n)*The database postgresql://\S+ is at step \d{3}_\w+\.\n\z",
            said);
        (code, said, _) = await fixture.RunAsync("migrate");
        Assert.Equal(0, code);
        Assert.Matches(@"\AThe database postgresql://\S+ is at step \d{3}_\w+ already\.\n\z", said);
    }

    [NeedsPostgresFact]
    public async Task Folder_is_imported_as_a_whole_or_not_at_all_and_stays_as_it_is()
    {
        await using var fixture = await ReplicaFixture.BuildAsync();
        var (state, work) = (fixture.Processes.State, fixture.InFolder("elsewhere"));
        await fixture.Processes.ConfigureAsync($"{{ agents: {{ list: [{{ id: 'main', default: true }}, "
            + $"{{ id: 'work', agentDir: '{work}' }}] }} }}");
        var token = await FillAsync(fixture);
        var profiles = Path.Join(work, "auth-profiles.json");
        Assert.True(File.Exists(profiles));
        await fixture.RunAsync("migrate");

        var whole = await File.ReadAllTextAsync(profiles);
        await File.WriteAllTextAsync(profiles, whole[..^10]);
        var (code, _, error) = await fixture.RunAsync("import", state, "--seal-key", fixture.SealKey);
        Assert.Equal(1, code);
        Assert.StartsWith($"Error: Nothing of {state} was imported. Cannot read {profiles}: ", error, StringComparison.Ordinal);
        Assert.Equal("0", fixture.Query("SELECT count(*) FROM clawgrpc.document"));

        await File.WriteAllTextAsync(profiles, whole);
        var before = fixture.Processes.Snapshot() + whole;
        (code, var said, error) = await fixture.RunAsync("import", state, "--seal-key", fixture.SealKey);
        Assert.Equal((0, $"Imported 2 agents of {state}.\n", ""), (code, said, error));
        Assert.Equal(before, fixture.Processes.Snapshot() + await File.ReadAllTextAsync(profiles));
        (code, _, error) = await fixture.RunAsync("import", state, "--seal-key", fixture.SealKey);
        Assert.Equal(1, code);
        Assert.Contains("The database has a state already: ", error, StringComparison.Ordinal);

        await fixture.ServeAsync("one");
        using (var channel = fixture.Connect("one"))
            await ServesAsync(channel, token);

        // Of an export that fails, nothing is left.
        (code, _, error) = await fixture.RunAsync(
            "export", fixture.InFolder("exported"), "--seal-key", fixture.NewSealKey("other"));
        Assert.Equal(1, code);
        Assert.Contains("does not open", error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateDirectories(fixture.Processes.Path, "exported*"));
        (code, said, _) = await fixture.RunAsync("export", fixture.InFolder("exported"), "--seal-key", fixture.SealKey);
        Assert.Equal(0, code);
        Assert.Matches(@"\AExported \d+ documents into \S+/exported\.\n\z", said);
        Assert.Equal([fixture.InFolder("exported")], Directory.EnumerateDirectories(fixture.Processes.Path, "exported*"));
    }

    [NeedsPostgresFact]
    public async Task Folder_of_OpenClaw_serves_once_it_is_imported()
    {
        await using var fixture = await ReplicaFixture.BuildAsync();
        var folder = WriteOpenClaw(fixture, "{ source: 'env', provider: 'default', id: 'NO_KEY' }");
        await fixture.RunAsync("migrate");

        // Another folder than the one that was meant stores nothing, which key is active neither.
        var (code, _, error) = await fixture.RunAsync(
            "import", fixture.InFolder("home"), "--seal-key", fixture.NewSealKey("other"));
        Assert.Equal(1, code);
        Assert.EndsWith($" Is it {folder}?\n", error, StringComparison.Ordinal);
        Assert.Equal("0", fixture.Query("SELECT count(*) FROM clawgrpc.document"));

        (code, var said, error) = await fixture.RunAsync("import", folder, "--seal-key", fixture.SealKey);
        Assert.Equal((0, $"Imported 1 agent of {folder}.\n", ""), (code, said, error));
        Assert.DoesNotContain(ProcessFixture.KeyOne, fixture.Dump(), StringComparison.Ordinal);
        await fixture.ServeAsync("one");
        using var channel = fixture.Connect("one");
        Assert.Equal("anthropic:default", await CompleteAsync(channel));
    }

    [NeedsPostgresFact]
    public async Task Plain_secret_of_the_configuration_is_not_imported()
    {
        await using var fixture = await ReplicaFixture.BuildAsync();
        var folder = WriteOpenClaw(fixture, "'a key of a proxy'");
        await fixture.RunAsync("migrate");
        var (code, _, error) = await fixture.RunAsync("import", folder, "--seal-key", fixture.SealKey);
        Assert.Equal(1, code);
        Assert.StartsWith(
            $"Error: Nothing of {folder} was imported. The configuration has secrets in plain text, and the database would have "
                + "them too: models.providers.anthropic.apiKey. ",
            error, StringComparison.Ordinal);
        Assert.Equal("0", fixture.Query("SELECT count(*) FROM clawgrpc.document"));
    }

    [Fact]
    public async Task Version_names_the_program()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var program = fixture.Keep(RunningProgram.Start(
            "ClawGrpc.Server", "clawgrpc", new Dictionary<string, string>(), ["--version"]));
        Assert.Equal(0, await program.ExitAsync());
        Assert.Matches(@"\Aclawgrpc \d+\.\d+\.\d+\S*\n\z", program.Out);
        Assert.Equal(program.Out["clawgrpc".Length..], (await fixture.ClawAsync("--version"))["claw".Length..]);
    }

    // A home with a folder of OpenClaw: a profile with a plain key, and a configuration in two files.
    private static string WriteOpenClaw(ReplicaFixture fixture, string apiKey)
    {
        var folder = fixture.InFolder("home/.openclaw");
        var agent = Directory.CreateDirectory(Path.Join(folder, "agents/main/agent")).FullName;
        File.WriteAllText(Path.Join(folder, "openclaw.json"), "{ models: { $include: './models.json5' } }");
        File.WriteAllText(
            Path.Join(folder, "models.json5"),
            $"{{ providers: {{ anthropic: {{ baseUrl: '{fixture.Processes.Sandbox.BaseUrl}', apiKey: {apiKey}, "
                + "models: [] } } }");
        File.WriteAllText(Path.Join(agent, "auth-profiles.json"), $$"""
            { "version": 1, "profiles": {
                "anthropic:default": { "type": "api_key", "provider": "anthropic", "key": "{{ProcessFixture.KeyOne}}" } } }
            """);
        return folder;
    }

    // A server with files fills the folder. A token of a client.
    private static async Task<string> FillAsync(ReplicaFixture fixture)
    {
        var server = await fixture.Processes.ServeAsync(fixture.Environment);
        using var channel = fixture.Processes.Connect();
        await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        await new AuthService.AuthServiceClient(channel).OnboardAsync(new OnboardRequest
        {
            AgentId = "work",
            ProfileId = "anthropic:two",
            ApiKey = new ApiKeyCredential { Key = ProcessFixture.KeyTwo },
        });
        var access = new AccessService.AccessServiceClient(channel);
        await access.AddClientAsync(new AddClientRequest
        {
            Client = new V1.Client { Name = "ci", Scopes = { Scope.Complete }, Agents = { "*" } },
        });
        var token = await access.CreateTokenAsync(new CreateTokenRequest { Client = "ci" });
        await CompleteAsync(channel);
        server.Signal(RunningProgram.SigTerm);
        Assert.Equal(0, await server.ExitAsync());
        return token.Secret;
    }

    private static async Task ServesAsync(GrpcChannel channel, string token)
    {
        var headers = new Metadata { { "authorization", $"Bearer {token}" } };
        Assert.Equal("anthropic:one", await CompleteAsync(channel, "main", headers));
        Assert.Equal("anthropic:two", await CompleteAsync(channel, "work", headers));
        var usage = await new ModelService.ModelServiceClient(channel).GetUsageAsync(new GetUsageRequest());
        Assert.Equal(3, usage.Total.Completions);
    }

    // The profile that served.
    private static async Task<string> CompleteAsync(GrpcChannel channel, string agent = "", Metadata? headers = null)
    {
        var input = new CompletionInput
        {
            AgentId = agent,
            Messages = new MessagesRequest
            {
                MaxTokens = 64,
                Messages =
                {
                    new Message
                    {
                        Role = Role.User, Content = { new ContentBlock { Text = new TextBlock { Text = "Hello" } } },
                    },
                },
            },
        };
        var answer = await new ModelService.ModelServiceClient(channel).CompleteAsync(
            new CompleteRequest { Input = input }, headers);
        return answer.Receipt.ProfileId;
    }
}
