using ClawGrpc.Core.Configuration;

namespace ClawGrpc.Core.Tests.Configuration;

/// <summary>The models that OpenClaw lists although no file does.</summary>
public class ImplicitModelsTests
{
    private const string ApiKey = "profiles: { a: { provider: 'anthropic', mode: 'api_key' } }";
    private const string Both = "profiles: { a: { provider: 'anthropic', mode: 'api_key' }, t: { provider: 'anthropic', mode: "
        + "'token' } }";

    [Theory]
    [InlineData("", "", "")]
    [InlineData("", "ANTHROPIC_API_KEY", "anthropic/claude-opus-4-6")]
    [InlineData("", "ANTHROPIC_API_KEY ANTHROPIC_OAUTH_TOKEN", "")]
    [InlineData(ApiKey, "", "anthropic/claude-opus-4-6")]
    [InlineData(ApiKey, "ANTHROPIC_OAUTH_TOKEN", "anthropic/claude-opus-4-6")]
    [InlineData("profiles: { a: { provider: 'openai', mode: 'api_key' } }", "", "")]
    [InlineData(Both, "", "")]
    [InlineData(Both, "ANTHROPIC_API_KEY", "anthropic/claude-opus-4-6")]
    [InlineData(Both + ", order: { anthropic: ['x', 't', 'a'] }", "ANTHROPIC_API_KEY", "")]
    [InlineData(Both + ", order: { anthropic: ['a'] }", "", "anthropic/claude-opus-4-6")]
    public void Primary_model_counts_as_listed_with_an_api_key(string auth, string variables, string expected)
    {
        var configuration = Folder.Accept($"{{ auth: {{ {auth} }}, agents: {{ defaults: {{ model: 'Opus' }} }} }}");
        var models = ImplicitModels.Of(
            configuration, ModelAliases.OpenClaw20262, name => variables.Split(' ').Contains(name) ? "set" : null);
        Assert.Equal(expected, string.Join(' ', models.Select(entry => entry.Key)));
    }

    [Theory]
    [InlineData("model: 'anthropic/x', models: { 'anthropic/x': { alias: 'mine' }, 'openai/y': {} }", "anthropic/x openai/y")]
    [InlineData("model: 'openai/y'", "")]
    [InlineData("models: { 'openai/y': {} }", "openai/y")]
    public void Listed_and_foreign_models_are_not_added(string defaults, string expected)
    {
        var configuration = Folder.Accept($"{{ auth: {{ {ApiKey} }}, agents: {{ defaults: {{ {defaults} }} }} }}");
        Assert.Equal(expected, string.Join(
            ' ', ImplicitModels.Of(configuration, ModelAliases.OpenClaw20262, _ => null).Select(entry => entry.Key)));
    }

    [Fact]
    public void Without_a_file_nothing_is_implicit() =>
        Assert.Empty(ImplicitModels.Of(ClawConfiguration.None, ModelAliases.OpenClaw20262, _ => "set"));
}
