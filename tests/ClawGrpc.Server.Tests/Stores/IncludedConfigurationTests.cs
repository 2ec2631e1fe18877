using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>
/// OpenClaw's configuration and ClawGrpc's own keys: <c>clawgrpc.json</c> includes the former and adds the latter, since OpenClaw
/// refuses keys that it does not know.
/// </summary>
public sealed class IncludedConfigurationTests
{
    private const string Theirs =
        "// OpenClaw's.\n{\n  agents: { defaults: { model: { primary: 'anthropic/claude-sonnet-4-5' } } },\n}\n";
    private const string Model = "anthropic/claude-haiku-4-5";

    [Fact]
    public async Task Edits_go_to_the_included_file_and_our_keys_stay_out_of_it()
    {
        await using var fixture =
            await StartAsync("{ $include: './openclaw.json', clawgrpc: { subscriptions: { enabled: false } } }\n");
        var own = await File.ReadAllTextAsync(fixture.Files.ConfigPath);
        Assert.Equal("anthropic/claude-sonnet-4-5", (await fixture.StatusAsync()).ResolvedDefault);

        var onboarded = await fixture.Auth.OnboardAsync(new OnboardRequest { ApiKey = new ApiKeyCredential { Key = KeyOne } });
        await fixture.Models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = Model });

        Assert.Equal(fixture.Files["openclaw.json"], onboarded.ConfigPath);
        Assert.Equal(Model, (await fixture.StatusAsync()).ResolvedDefault);
        Assert.Equal(own, await File.ReadAllTextAsync(fixture.Files.ConfigPath));
        var theirs = await File.ReadAllTextAsync(fixture.Files["openclaw.json"]);
        Assert.StartsWith("// OpenClaw's.\n", theirs, StringComparison.Ordinal);
        Assert.Contains("anthropic:default", theirs, StringComparison.Ordinal);
        Assert.Contains(Model, theirs, StringComparison.Ordinal);
        Assert.DoesNotContain("clawgrpc", theirs, StringComparison.Ordinal);
        Assert.Equal(Theirs, await File.ReadAllTextAsync(fixture.Files["openclaw.json.bak.1"]));
    }

    [Fact]
    public async Task Our_keys_apply_beside_the_included_file()
    {
        await using var fixture =
            await StartAsync("{ $include: './openclaw.json', clawgrpc: { subscriptions: { enabled: false } } }\n");
        var refused = await CallFailure.OfAsync(() => fixture.OnboardTokenAsync());
        Assert.Equal("SUBSCRIPTIONS_DISABLED", refused.Reason);
    }

    [Fact]
    public async Task Settings_of_our_own_file_win_and_are_edited_there()
    {
        await using var fixture = await StartAsync(
            "{ $include: './openclaw.json', agents: { defaults: { model: { primary: 'anthropic/claude-opus-4-5' } } } }\n");
        Assert.Equal("anthropic/claude-opus-4-5", (await fixture.StatusAsync()).ResolvedDefault);

        await fixture.Models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = Model });

        Assert.Equal(Model, (await fixture.StatusAsync()).ResolvedDefault);
        Assert.Equal(Theirs, await File.ReadAllTextAsync(fixture.Files["openclaw.json"]));
    }

    private static async Task<ServerFixture> StartAsync(string own)
    {
        var fixture = await ServerFixture.PrepareAsync();
        await File.WriteAllTextAsync(fixture.Files["openclaw.json"], Theirs);
        await File.WriteAllTextAsync(fixture.Files.ConfigPath, own);
        await fixture.StartServerAsync();
        return fixture;
    }
}
