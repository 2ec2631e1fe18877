using ClawGrpc.Core.Configuration;

namespace ClawGrpc.Core.Tests.Configuration;

public class PlainSecretsTests
{
    private const string File = "/f/openclaw.json";
    private const string Key = "sk-ant-api03-FAKE-0001";

    [Theory]
    [InlineData("anthropic: { apiKey: 'of a proxy' }", "anthropic.apiKey")]
    [InlineData("openai: { baseUrl: 'https://o', apiKey: 'sk-1', models: [] }", "openai.apiKey")]
    [InlineData("anthropic: { headers: { 'X-Api-Key': 'k' } }", "anthropic.headers.X-Api-Key")]
    [InlineData("anthropic: { headers: { 'x-team': 'red' } }", "")]
    [InlineData("anthropic: { headers: { 'x-team': '" + Key + "' } }", "anthropic.headers.x-team")]
    [InlineData("anthropic: { apiKey: '${SET}' }", "")]
    [InlineData("anthropic: { apiKey: 'ANTHROPIC_API_KEY' }", "")]
    [InlineData("anthropic: { apiKey: { source: 'env', provider: 'default', id: 'SET' } }", "")]
    public void Secrets_of_providers_are_named(string providers, string expected) =>
        Assert.Equal(
            expected.Length == 0 ? "" : $"models.providers.{expected}",
            Found($"{{ models: {{ providers: {{ {providers} }} }} }}"));

    [Theory]
    [InlineData("ANTHROPIC_API_KEY: 'k', vars: { GITHUB_TOKEN: 't', LANG: 'C' }", "env.ANTHROPIC_API_KEY, env.GITHUB_TOKEN")]
    [InlineData("ANYTHING: '" + Key + "'", "env.ANYTHING")]
    public void Secrets_of_variables_are_named(string variables, string expected) =>
        Assert.Equal(expected, Found($"{{ env: {{ {variables} }} }}"));

    private static string Found(string text)
    {
        var outcome = Assert.IsType<ConfigurationOutcome.Accepted>(ConfigurationReader.Read(
            File, file => file == File ? text : null, static name => name == "SET" ? "of the environment" : null));
        return string.Join(", ", PlainSecrets.In(outcome.Configuration, [text]));
    }
}
