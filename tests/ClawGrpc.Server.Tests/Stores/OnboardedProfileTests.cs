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
        await using var rig = await Rig.PrepareAsync();
        await rig.Files.ConfigureAsync(rig.Sandbox.BaseUrl);
        const string stored = $$"""{ "version": 1, "profiles": { "anthropic:work": { "type": "api_key", "provider": "anthropic", "key": "{{KeyOne}}" } } }""";
        await rig.Files.WriteProfilesAsync(stored);
        await rig.StartServerAsync();

        var onboarded = await rig.Auth.OnboardAsync(Existing);

        Assert.Equal(("anthropic:work", CredentialType.ApiKey), (onboarded.ProfileId, onboarded.Type));
        Assert.Equal(stored, await File.ReadAllTextAsync(rig.Files.ProfilesPath()));
        Assert.Contains("anthropic:work", await File.ReadAllTextAsync(rig.Files.ConfigPath), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_of_the_configurations_environment_is_stored()
    {
        await using var rig = await Rig.StartAsync($"env: {{ ANTHROPIC_API_KEY: '{KeyTwo}' }}");
        Assert.Equal("anthropic:default", (await rig.Auth.OnboardAsync(Existing)).ProfileId);
        Assert.Contains(KeyTwo, await File.ReadAllTextAsync(rig.Files.ProfilesPath()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_there_is_no_key_that_is_said_and_nothing_is_written()
    {
        await using var rig = await Rig.StartAsync();
        var before = await File.ReadAllTextAsync(rig.Files.ConfigPath);
        var failed = await CallFailure.OfAsync(async () => await rig.Auth.OnboardAsync(Existing));
        Assert.Equal("MISSING_CREDENTIALS", failed.Reason);
        Assert.Equal(before, await File.ReadAllTextAsync(rig.Files.ConfigPath));
        Assert.False(File.Exists(rig.Files.ProfilesPath()));
    }

    [Theory]
    [InlineData("anthropic:My Team")]
    [InlineData("work")]
    [InlineData("anthropic:büro/1")]
    public async Task Any_id_that_is_one_line_of_text_is_taken(string id)
    {
        await using var rig = await Rig.StartAsync();
        var pasted = await rig.Auth.PasteTokenAsync(new PasteTokenRequest { Provider = " Anthropic ", ProfileId = $" {id} ", Token = Token });
        Assert.Equal((id, "anthropic"), (pasted.ProfileId, pasted.Provider));
        Assert.Equal(id, Assert.Single((await rig.StatusAsync()).Auth.Profiles).ProfileId);
        await rig.Auth.SetProfileOrderAsync(new SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { id } });
        await rig.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = id });
        Assert.Empty((await rig.StatusAsync()).Auth.Profiles);
    }

    [Fact]
    public async Task After_a_span_of_zero_a_token_has_expired()
    {
        await using var rig = await Rig.StartAsync();
        await rig.Auth.PasteTokenAsync(new PasteTokenRequest { Provider = "anthropic", Token = Token, ExpiresIn = new Duration() });
        var profile = Assert.Single((await rig.StatusAsync()).Auth.Profiles);
        Assert.Equal(rig.Time.GetUtcNow(), profile.ExpireTime.ToDateTimeOffset());
    }

    [Fact]
    public async Task An_edit_tells_of_the_defaults_that_it_changed_and_not_of_an_agents_own()
    {
        await using var rig = await Rig.StartAsync("agents: { list: [{ id: 'main', model: { primary: 'anthropic/claude-haiku-4-5', fallbacks: [] } }] }");
        const string sonnet = "anthropic/claude-sonnet-4-5";
        Assert.Equal(sonnet, (await rig.Models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = sonnet })).Model);
        Assert.Equal(["openai/gpt-5.2"], (await rig.Models.AddModelFallbackAsync(new AddModelFallbackRequest { Model = "openai/gpt-5.2" })).Fallbacks);
    }

    [Fact]
    public async Task The_model_for_images_has_a_default_and_fallbacks_of_its_own()
    {
        await using var rig = await Rig.StartAsync();
        Assert.Equal("openai/gpt-5.2", (await rig.Models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = "openai/gpt-5.2", Image = true })).Model);
        Assert.Equal(["a/b"], (await rig.Models.AddModelFallbackAsync(new AddModelFallbackRequest { Model = "a/b", Image = true })).Fallbacks);
        var status = await rig.StatusAsync();
        Assert.Equal(("openai/gpt-5.2", "a/b", 0), (status.ImageModel, status.ImageFallbacks.Single(), status.Fallbacks.Count));
        await rig.Models.ClearModelFallbacksAsync(new ClearModelFallbacksRequest { Image = true });
        Assert.Empty((await rig.StatusAsync()).ImageFallbacks);
    }
}
