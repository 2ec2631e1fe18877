using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Replicas;

/// <summary>
/// Who can write the database cannot have a secret used elsewhere: it is refused, and the audit says so once.
/// </summary>
[Collection(Cluster.Name)]
public class TamperedRowTests(Cluster cluster)
{
    private const string Main = "agents/main/agent/auth-profiles.json";
    private const string Work = "agents/work/agent/auth-profiles.json";

    [NeedsPostgresFact]
    public async Task Row_that_was_moved_to_another_agent_is_refused()
    {
        await using var set = await StartAsync();
        await set[0].OnboardAsync(One, KeyOne);
        Write(set, Work, Read(set, Main));
        await IsRefusedAsync(set, "work", "it was moved here from another agent or profile, or was changed");
        Assert.Equal(One, await set[0].CompleteAsync());
    }

    [NeedsPostgresFact]
    public async Task Old_generation_that_was_put_back_is_refused()
    {
        await using var set = await StartAsync();
        await set[0].OnboardAsync(One, KeyOne);
        var (old, version) = (Read(set, Main), NewestIn(set));
        await set[0].OnboardAsync(One, KeyTwo);
        Write(set, Main, old);
        await IsRefusedAsync(set, "main", $"an older version was put back ({version}; the newest was {NewestIn(set)})");

        // A new credential ends it, and the same again is told again.
        await set[0].OnboardAsync(One, KeyTwo);
        Assert.Equal(One, await set[0].CompleteAsync());
        Write(set, Main, old);
        await ServerFixture.EventuallyAsync(async () => (await set[0].AuditAsync("unopened")).Count == 2);
    }

    [NeedsPostgresFact]
    public async Task Origin_that_was_changed_in_the_sealed_value_is_refused()
    {
        await using var set = await StartAsync();
        await set[0].OnboardAsync(One, KeyOne);
        Write(set, Main, WithOrigin(Read(set, Main), set.Sandbox.BaseUrl));
        await IsRefusedAsync(set, "main", "or was changed after it was sealed");
    }

    [NeedsPostgresFact]
    public async Task Origin_that_was_changed_beside_it_is_refused()
    {
        await using var set = await StartAsync();
        await set[0].OnboardAsync(One, KeyOne);
        const string elsewhere = "https://elsewhere.example";
        var origins = Read(set, "agents/main/agent/clawgrpc-origins.json");
        Assert.Contains(set.Sandbox.BaseUrl, origins, StringComparison.Ordinal);
        Write(
            set, "agents/main/agent/clawgrpc-origins.json",
            origins.Replace(set.Sandbox.BaseUrl, elsewhere, StringComparison.Ordinal));
        await IsRefusedAsync(
            set, "main", $"it was sealed for {set.Sandbox.BaseUrl}, and is noted to belong to {elsewhere}");
    }

    private Task<ReplicaSet> StartAsync() => ReplicaSet.StartAsync(
        cluster.Postgres, 1, "agents: { list: [{ id: 'main', default: true }, { id: 'work' }] }");

    private static string Read(ReplicaSet set, string name) =>
        set.Query($"SELECT convert_from(body, 'UTF8') FROM clawgrpc.document WHERE name = '{name}'");

    // The version of the secret that the first replica remembers.
    private static long NewestIn(ReplicaSet set)
    {
        using var seen = JsonDocument.Parse(File.ReadAllText(set[0].Files["agents/main/agent/clawgrpc-generations.json"]));
        return seen.RootElement.GetProperty("profiles").GetProperty(One).EnumerateObject().Single().Value.GetInt64();
    }

    private static void Write(ReplicaSet set, string name, string text)
    {
        set.Query($"INSERT INTO clawgrpc.document (name, body, revision) VALUES ('{name}', convert_to($t${text}$t$, 'UTF8'), 1) "
            + "ON CONFLICT (name) DO UPDATE SET body = excluded.body, revision = document.revision + 1");
    }

    // One letter of the host, so that all lengths stay.
    private static string WithOrigin(string profiles, string origin)
    {
        var root = JsonNode.Parse(profiles)!;
        var sealedKey = root["profiles"]![One]!["key"]!["sealed"]!;
        var bytes = Convert.FromBase64String(sealedKey.GetValue<string>());
        var at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(origin));
        Assert.True(at > 0);
        bytes[at + origin.Length - 1] ^= 1;
        root["profiles"]![One]!["key"]!["sealed"] = Convert.ToBase64String(bytes);
        return root.ToJsonString();
    }

    private static async Task IsRefusedAsync(ReplicaSet set, string agent, string why)
    {
        var sent = set.Sandbox.Requests.Count;
        await ServerFixture.EventuallyAsync(async () =>
        {
            var status = (await set[0].Models.GetStatusAsync(new GetStatusRequest { AgentId = agent })).Status;
            return status.Auth.UnusableProfiles is [{ Reason: "sealed" }];
        });
        for (var call = 0; call < 3; call++)
        {
            var failure = await CallFailure.OfAsync(async () => await set[0].Models.CompleteAsync(
                new CompleteRequest { Input = Prompts.Input(with: input => input.AgentId = agent) }));
            Assert.Equal(StatusCode.FailedPrecondition, failure.Code);
        }

        Assert.Equal(sent, set.Sandbox.Requests.Count);

        // Once, although the profiles are read anew.
        await set[0].Auth.SetProfileOrderAsync(
            new SetProfileOrderRequest { AgentId = agent, Provider = "anthropic", ProfileIds = { One } });
        var line = Assert.Single(await set[0].AuditAsync("unopened"));
        Assert.Equal(
            (agent, One, "refused", "server"),
            (line.Text("agent"), line.Text("profile"), line.Text("outcome"), line.Text("actor", "proof")));
        Assert.Contains(why, line.Text("details", "why"), StringComparison.Ordinal);
    }
}
