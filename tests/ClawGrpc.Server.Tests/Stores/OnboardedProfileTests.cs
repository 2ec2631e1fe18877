using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>Which profile a credential becomes, and what the configuration says of it.</summary>
public sealed class OnboardedProfileTests
{
    private static readonly OnboardRequest Existing = new() { ApiKey = new ApiKeyCredential { Existing = true } };

    [Fact]
    public async Task The_key_that_is_there_is_declared_and_left_as_it_is()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl);
        const string stored = $$"""{ "version": 1, "profiles": { "anthropic:work": {"""
            + $$""" "type": "api_key", "provider": "anthropic", "key": "{{KeyOne}}" } } }""";
        await fixture.Files.WriteProfilesAsync(stored);
        await fixture.StartServerAsync();

        var onboarded = await fixture.Auth.OnboardAsync(Existing);

        Assert.Equal(("anthropic:work", CredentialType.ApiKey), (onboarded.ProfileId, onboarded.Type));
        Assert.Equal(stored, await File.ReadAllTextAsync(fixture.Files.ProfilesPath()));
        Assert.Contains("anthropic:work", await File.ReadAllTextAsync(fixture.Files.ConfigPath), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_of_the_configurations_environment_is_stored()
    {
        await using var fixture = await ServerFixture.StartAsync($"env: {{ ANTHROPIC_API_KEY: '{KeyTwo}' }}");
        Assert.Equal("anthropic:default", (await fixture.Auth.OnboardAsync(Existing)).ProfileId);
        Assert.Contains(KeyTwo, await File.ReadAllTextAsync(fixture.Files.ProfilesPath()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_key_is_reported_and_nothing_is_written()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var before = await File.ReadAllTextAsync(fixture.Files.ConfigPath);
        var failed = await CallFailure.OfAsync(async () => await fixture.Auth.OnboardAsync(Existing));
        Assert.Equal("MISSING_CREDENTIALS", failed.Reason);
        Assert.Equal(before, await File.ReadAllTextAsync(fixture.Files.ConfigPath));
        Assert.False(File.Exists(fixture.Files.ProfilesPath()));
    }

    [Theory]
    [InlineData("anthropic:My Team")]
    [InlineData("work")]
    [InlineData("anthropic:büro/1")]
    public async Task Any_id_that_is_one_line_of_text_is_taken(string id)
    {
        await using var fixture = await ServerFixture.StartAsync();
        var pasted = await fixture.Auth.PasteTokenAsync(
            new PasteTokenRequest { Provider = " Anthropic ", ProfileId = $" {id} ", Token = Token });
        Assert.Equal((id, "anthropic"), (pasted.ProfileId, pasted.Provider));
        Assert.Equal(id, Assert.Single((await fixture.StatusAsync()).Auth.Profiles).ProfileId);
        await fixture.Auth.SetProfileOrderAsync(new SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { id } });
        await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = id });
        Assert.Empty((await fixture.StatusAsync()).Auth.Profiles);
    }

    [Fact]
    public async Task After_a_span_of_zero_a_token_has_expired()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.Auth.PasteTokenAsync(
            new PasteTokenRequest { Provider = "anthropic", Token = Token, ExpiresIn = new Duration() });
        var profile = Assert.Single((await fixture.StatusAsync()).Auth.Profiles);
        Assert.Equal(fixture.Time.GetUtcNow(), profile.ExpireTime.ToDateTimeOffset());
    }

    [Fact]
    public async Task Edit_reports_changed_defaults_but_not_agent_settings()
    {
        await using var fixture = await ServerFixture.StartAsync(
            "agents: { list: [{ id: 'main', model: { primary: 'anthropic/claude-haiku-4-5', fallbacks: [] } }] }");
        const string sonnet = "anthropic/claude-sonnet-4-5";
        Assert.Equal(sonnet, (await fixture.Models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = sonnet })).Model);
        Assert.Equal(["openai/gpt-5.2"],
            (await fixture.Models.AddModelFallbackAsync(new AddModelFallbackRequest { Model = "openai/gpt-5.2" })).Fallbacks);
    }

    [Fact]
    public async Task The_model_for_images_has_a_default_and_fallbacks_of_its_own()
    {
        await using var fixture = await ServerFixture.StartAsync();
        Assert.Equal("openai/gpt-5.2", (await fixture.Models.SetDefaultModelAsync(
            new SetDefaultModelRequest { Model = "openai/gpt-5.2", Image = true })).Model);
        Assert.Equal(["a/b"],
            (await fixture.Models.AddModelFallbackAsync(new AddModelFallbackRequest { Model = "a/b", Image = true })).Fallbacks);
        var status = await fixture.StatusAsync();
        Assert.Equal(("openai/gpt-5.2", "a/b", 0), (status.ImageModel, status.ImageFallbacks.Single(), status.Fallbacks.Count));
        await fixture.Models.ClearModelFallbacksAsync(new ClearModelFallbacksRequest { Image = true });
        Assert.Empty((await fixture.StatusAsync()).ImageFallbacks);
    }
}
