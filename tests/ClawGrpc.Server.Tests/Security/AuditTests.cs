using System.Text.Json;
using ClawGrpc.Core.Access;
using ClawGrpc.Server.Access;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;
using Scope = ClawGrpc.V1.Scope;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>The audit, as a reader of its file finds it.</summary>
public class AuditTests
{
    [Fact]
    public async Task Every_change_has_its_intent_and_its_outcome()
    {
        using var keys = new SealKeys();
        await using var fixture = await ServerFixture.StartAsync(keys.Both);
        await ChangeEverythingAsync(fixture);
        var changes = (await fixture.AuditAsync("change", 1)).GroupBy(line => line.Text("request_id")).ToList();
        Assert.All(changes, change =>
        {
            Assert.Equal(["intent", "ok"], change.Select(line => line.Text("outcome")));
            Assert.All(change, line => Assert.Equal(
                ("local", "unix", $"{Environment.ProcessId}"),
                (line.Text("actor", "client"), line.Text("actor", "proof"), line.Text("actor", "pid"))));
        });
        var audited = Rpcs.Where(rpc => RpcAccess.Find(PathOf(rpc)) is { IsChange: true }).Select(NameOf);
        Assert.Equal(audited.Order(), changes.Select(change => change.First().Text("rpc")).Distinct().Order());
        Assert.True((await fixture.VerifyAsync()).Valid);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(fixture.Files["audit.jsonl"]));
    }

    [Fact]
    public void Every_RPC_that_changes_what_admins_guard_is_audited() => Assert.All(Rpcs, rpc =>
    {
        var access = RpcAccess.Find(PathOf(rpc))!;
        var changes = rpc.GetOptions()?.IdempotencyLevel != MethodOptions.Types.IdempotencyLevel.NoSideEffects
            && access.Scope is Scopes.Onboard or Scopes.Admin;
        Assert.Equal(changes && rpc.Name != "ProbeProfiles", access.IsChange);
    });

    [Fact]
    public async Task Onboarded_key_is_a_keyed_hash_that_is_the_same_each_time()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync(One, KeyOne);
        await fixture.OnboardAsync(Two, $"export ANTHROPIC_API_KEY={KeyOne}");
        var hashes = (await fixture.AuditAsync("change", 4)).Select(line => line.Text("credential")).Distinct();
        Assert.StartsWith("hmac-sha256:", Assert.Single(hashes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_change_says_why()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var token = await fixture.AddClientAsync("ci", [Scope.Onboard], client => client.Agents.Add("other"));
        await CallFailure.OfAsync(async () => await fixture.Auth.DeleteProfileAsync(
            new DeleteProfileRequest { AgentId = "main", ProfileId = One }, token.Headers));
        var line = (await fixture.AuditAsync("change", 1))[^1];
        Assert.Equal(
            ("AuthService/DeleteProfile", "main", One, "refused", "AGENT_NOT_PERMITTED", "ci", token.Id),
            (line.Text("rpc"), line.Text("agent"), line.Text("profile"), line.Text("outcome"), line.Text("reason"),
                line.Text("actor", "client"), line.Text("actor", "id")));
    }

    [Fact]
    public async Task Nothing_is_changed_while_the_audit_cannot_be_written_and_completions_go_on()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        using var watcher = fixture.Watch();
        await watcher.NextAsync();
        var path = fixture.Files["audit.jsonl"];
        File.Move(path, path + ".away");
        Directory.CreateDirectory(path);
        var before = fixture.Files.Snapshot();
        foreach (var change in new Func<Task>[]
        {
            () => fixture.OnboardAsync(Two, KeyTwo),
            () => fixture.AddClientAsync("ci", [Scope.Status]),
            async () => await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = One }),
        })
        {
            var failed = await CallFailure.OfAsync(change);
            Assert.Equal(
                (StatusCode.Unavailable, "AUDIT_NOT_WRITTEN", path), (failed.Code, failed.Reason, failed.Facts["path"]));
        }

        Assert.Equal(before, fixture.Files.Snapshot());
        Assert.Null((await fixture.StreamAsync()).Failure);
        var status = (await fixture.Models.GetStatusAsync(new GetStatusRequest())).Status;
        Assert.Equal(path, Assert.Single(status.ConfigurationWarnings).Path);
        Assert.Single(fixture.Log.All, line => line.Contains("cannot be written", StringComparison.Ordinal));

        Directory.Delete(path);
        File.Move(path + ".away", path);
        await fixture.OnboardAsync(Two, KeyTwo);
        status = (await fixture.Models.GetStatusAsync(new GetStatusRequest())).Status;
        Assert.Empty(status.ConfigurationWarnings);
        Assert.Single(await fixture.AuditAsync("completion", 1));
        Assert.True((await fixture.VerifyAsync()).Valid);
    }

    [Fact]
    public async Task Flood_of_unknown_callers_writes_few_lines()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var wrong = new Metadata { { "authorization", "Bearer claw_nothing" } };
        for (var call = 0; call < 200; call++)
            await CallFailure.OfAsync(async () => await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), wrong));
        var first = await fixture.AuditAsync("denied", 1);
        Assert.InRange(first.Count, 1, 2);
        Assert.Equal(("UNAUTHENTICATED", "unknown"), (first[0].Text("reason"), first[0].Text("actor", "proof")));
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        var all = await fixture.AuditAsync("denied", first.Count + 1);
        Assert.InRange(all.Count, 2, 4);
        Assert.Equal(200, all.Sum(line => line.Text("count") is { Length: > 0 } count ? int.Parse(count, null) : 1));
    }

    [Fact]
    public async Task Denied_and_ended_calls_and_completions_have_their_lines()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync("ci", [Scope.Complete, Scope.Status]);
        await fixture.Models.CompleteAsync(
            new CompleteRequest { Input = Prompts.Input("A prompt nobody may keep") }, token.Headers);
        var done = Assert.Single(await fixture.AuditAsync("completion", 1));
        Assert.Equal(
            ("ModelService/Complete", "main", One, "ok", "ci"),
            (done.Text("rpc"), done.Text("agent"), done.Text("profile"), done.Text("outcome"), done.Text("actor", "client")));
        Assert.NotEqual("", done.Text("output_tokens"));
        Assert.StartsWith("cmpl_", done.Text("request_id"), StringComparison.Ordinal);
        var written = await File.ReadAllTextAsync(fixture.Files["audit.jsonl"]);
        Assert.DoesNotContain("nobody may keep", written, StringComparison.Ordinal);

        await CallFailure.OfAsync(
            async () => await fixture.Access.ListClientsAsync(new ListClientsRequest(), token.Headers));
        var denied = Assert.Single(await fixture.AuditAsync("denied", 1));
        Assert.Equal(("SCOPE_MISSING", "AccessService/ListClients"), (denied.Text("reason"), denied.Text("rpc")));

        using var watch = fixture.Models.WatchStatus(new WatchStatusRequest(), token.Headers);
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        await fixture.Access.RevokeTokenAsync(new RevokeTokenRequest { TokenId = token.Id });
        var ended = Assert.Single(await fixture.AuditAsync("ended", 1));
        Assert.Equal(("CALLER_ENDED", "ci", "main"), (ended.Text("reason"), ended.Text("actor", "client"), ended.Text("agent")));
    }

    [Fact]
    public async Task Chain_goes_on_after_restarts_and_a_torn_line()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await fixture.StopServerAsync();
        await File.AppendAllTextAsync(fixture.Files["audit.jsonl"], "{\"seq\":7,\"ti");
        await fixture.StartServerAsync();
        await fixture.OnboardAsync(Two, KeyTwo);
        var verified = await fixture.VerifyAsync();
        Assert.Equal((true, 1, false), (verified.Valid, verified.TornLineCount, verified.EndsTorn));
        Assert.Equal(verified.LineCount, verified.LastSequence + 1);
        Assert.Equal(verified.Hash, (await fixture.Access.GetAuditHeadAsync(new GetAuditHeadRequest())).Hash);
    }

    [Fact]
    public async Task Changed_line_is_named_and_a_cut_end_by_an_anchor()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await fixture.AuditAsync("change", 2);
        var anchor = await fixture.Access.GetAuditHeadAsync(new GetAuditHeadRequest());
        await fixture.StopServerAsync();
        var path = fixture.Files["audit.jsonl"];
        var lines = await File.ReadAllLinesAsync(path);
        await File.WriteAllLinesAsync(path, lines[..2]);
        await fixture.StartServerAsync();
        var request = new VerifyAuditRequest { AnchorSequence = anchor.Sequence, AnchorHash = anchor.Hash };
        Assert.True((await fixture.VerifyAsync()).Valid);
        Assert.False((await fixture.Access.VerifyAuditAsync(request)).Valid);

        await File.WriteAllLinesAsync(path, [lines[0], lines[1].Replace("\"ok\"", "\"no\""), .. lines[2..]]);
        var verified = await fixture.VerifyAsync();
        Assert.Equal((false, path, 2), (verified.Valid, verified.BadPath, verified.BadLine));
    }

    [Fact]
    public async Task Tail_follows_what_comes()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        using var tail = fixture.Access.TailAudit(new TailAuditRequest { LineCount = 1, Follow = true });
        Assert.True(await tail.ResponseStream.MoveNext(CancellationToken.None));
        await fixture.OnboardAsync(Two, KeyTwo);
        while (JsonDocument.Parse(tail.ResponseStream.Current.Line.Memory).RootElement is var line
            && (line.Text("profile"), line.Text("outcome")) != (Two, "ok"))
        {
            Assert.True(await tail.ResponseStream.MoveNext(CancellationToken.None));
        }
    }

    private static IEnumerable<MethodDescriptor> Rpcs => new[]
    {
        AuthServiceReflection.Descriptor, ModelServiceReflection.Descriptor, AccessServiceReflection.Descriptor,
    }.SelectMany(file => file.Services).SelectMany(service => service.Methods);

    private static string PathOf(MethodDescriptor rpc) => $"/{rpc.Service.FullName}/{rpc.Name}";

    private static string NameOf(MethodDescriptor rpc) => $"{rpc.Service.Name}/{rpc.Name}";

    private static async Task ChangeEverythingAsync(ServerFixture fixture)
    {
        var token = await fixture.AddClientAsync("ci", [Scope.Status]);
        var client = new V1.Client { Name = "ci", Scopes = { Scope.Admin }, Agents = { "*" } };
        await fixture.Access.UpdateClientAsync(new UpdateClientRequest { Client = client });
        await fixture.Access.RotateTokenAsync(new RotateTokenRequest { TokenId = token.Id });
        await fixture.Access.RevokeTokenAsync(new RevokeTokenRequest { TokenId = token.Id });
        await fixture.Access.RemoveClientAsync(new RemoveClientRequest { Name = "ci" });
        await fixture.OnboardAsync();
        await fixture.Auth.PasteTokenAsync(new PasteTokenRequest { Provider = "anthropic", ProfileId = Two, Token = Token });
        await fixture.Auth.SetProfileOrderAsync(new SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { One } });
        await fixture.Auth.ClearProfileOrderAsync(new ClearProfileOrderRequest { Provider = "anthropic" });
        await fixture.Auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = One });
        await fixture.Auth.RebindProfileAsync(new RebindProfileRequest { ProfileId = One });
        await fixture.Auth.SealSecretsAsync(new SealSecretsRequest());
        await fixture.Auth.RotateSealingKeyAsync(new RotateSealingKeyRequest());
        await fixture.Auth.UnsealSecretsAsync(new UnsealSecretsRequest());
        await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = One });
        const string model = "anthropic/claude-opus-4-6";
        await fixture.Models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = model });
        await fixture.Models.AddModelAliasAsync(new AddModelAliasRequest { Alias = "big", Model = model });
        await fixture.Models.RemoveModelAliasAsync(new RemoveModelAliasRequest { Alias = "big" });
        await fixture.Models.AddModelFallbackAsync(new AddModelFallbackRequest { Model = "anthropic/claude-haiku-4-5" });
        await fixture.Models.RemoveModelFallbackAsync(new RemoveModelFallbackRequest { Model = "anthropic/claude-haiku-4-5" });
        await fixture.Models.ClearModelFallbacksAsync(new ClearModelFallbacksRequest());
        await fixture.Auth.AddAgentAsync(new AddAgentRequest { Name = "work" });
        await fixture.Auth.RemoveAgentAsync(new RemoveAgentRequest { AgentId = "work" });
        await fixture.Models.AllowModelsAsync(new AllowModelsRequest { Models = { model } });
        await fixture.Models.DisallowModelsAsync(new DisallowModelsRequest { Models = { "anthropic/claude-haiku-4-5" } });
    }
}
