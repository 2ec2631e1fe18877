using ClawGrpc.Core.Configuration;

namespace ClawGrpc.Core.Tests.Configuration;

/// <summary>Reports all errors at once, with positions, in the words of OpenClaw's validation.</summary>
public class ConfigurationErrorTests
{
    private const string NoTime = "Invalid input: expected a time such as 30s, 5m or 1h, of a day at most";
    private const string NoTokenUrl =
        "Invalid URL: expected https:// with a host, or http:// with a loopback one, and no user, query or fragment";

    [Fact]
    public void All_errors_come_at_once_and_in_the_order_of_OpenClaw() => Assert.Equal(
        [
            "4:59: auth.profiles.anthropic:default.mode: Invalid input",
            "5:3: auth: Unrecognized key: \"oder\"",
            "7:55: agents.list.0.model: Invalid input: expected object, received number",
            "2:1: <root>: Unrecognized key: \"bogusKey\"",
        ],
        Folder.Refuse("""
            {
            bogusKey: 1,
            auth: {
              profiles: { 'anthropic:default': { provider: 'a', mode: 'magic' } },
              oder: {},
            },
            agents: { list: [{ id: 'main', workspace: '~', model: 5 }] } }
            """));

    [Theory]
    [InlineData("{ agents: { defaults: \n", "2:1: JSON5: invalid end of input at 2:1")]
    [InlineData("", "1:1: JSON5: invalid end of input at 1:1")]
    [InlineData("[]", "1:1: <root>: Invalid input: expected object, received array")]
    [InlineData("null", "1:1: <root>: Invalid input: expected object, received null")]
    [InlineData("{ auth: null }", "1:9: auth: Invalid input: expected object, received null")]
    [InlineData("{ auth: { profiles: [] } }", "1:21: auth.profiles: Invalid input: expected record, received array")]
    [InlineData("{ auth: { profiles: { a: 5 } } }", "1:26: auth.profiles.a: Invalid input: expected object, received number")]
    [InlineData("{ auth: { profiles: { a: { provider: 1, mode: 'token', q: 1 } } } }",
        "1:38: auth.profiles.a.provider: Invalid input: expected string, received number",
        "1:56: auth.profiles.a: Unrecognized key: \"q\"")]
    [InlineData("{ auth: { profiles: { a: {} } } }",
        "1:26: auth.profiles.a.provider: Invalid input: expected string, received undefined",
        "1:26: auth.profiles.a.mode: Invalid input")]
    [InlineData(
        "{ auth: { order: { anthropic: 'x' } } }", "1:31: auth.order.anthropic: Invalid input: expected array, received string")]
    [InlineData("{ auth: { order: { anthropic: ['x', 1] } } }",
        "1:37: auth.order.anthropic.1: Invalid input: expected string, received number")]
    [InlineData("{ auth: { cooldowns: { billingMaxHours: 0 } } }",
        "1:41: auth.cooldowns.billingMaxHours: Too small: expected number to be >0")]
    [InlineData("{ auth: { cooldowns: { billingMaxHours: '5' } } }",
        "1:41: auth.cooldowns.billingMaxHours: Invalid input: expected number, received string")]
    [InlineData("{ auth: { cooldowns: { billingMaxHours: NaN } } }",
        "1:41: auth.cooldowns.billingMaxHours: Invalid input: expected number, received NaN")]
    [InlineData("{ auth: { cooldowns: { billingMaxHours: Infinity } } }",
        "1:41: auth.cooldowns.billingMaxHours: Invalid input: expected number, received number")]
    [InlineData("{ auth: { cooldowns: { billingBackoffHoursByProvider: { a: -1 } } } }",
        "1:60: auth.cooldowns.billingBackoffHoursByProvider.a: Too small: expected number to be >0")]
    [InlineData("{ auth: { cooldowns: { preset: 'mine' } } }", "1:32: auth.cooldowns.preset: Invalid input")]
    [InlineData(
        "{ auth: { inheritFromMain: 'true' } }", "1:28: auth.inheritFromMain: Invalid input: expected boolean, received string")]
    [InlineData("{ models: { mode: 'both' } }", "1:19: models.mode: Invalid input")]
    [InlineData("{ models: { providers: { anthropic: {} } } }",
        "1:37: models.providers.anthropic.baseUrl: Invalid input: expected string, received undefined",
        "1:37: models.providers.anthropic.models: Invalid input: expected array, received undefined")]
    [InlineData("{ models: { providers: { anthropic: { baseUrl: '', models: [{}] } } } }",
        "1:48: models.providers.anthropic.baseUrl: Too small: expected string to have >=1 characters",
        "1:61: models.providers.anthropic.models.0.id: Invalid input: expected string, received undefined",
        "1:61: models.providers.anthropic.models.0.name: Invalid input: expected string, received undefined")]
    [InlineData(
        "{ models: { providers: { anthropic: { baseUrl: 'ftp://x', models: [] }, openai: { baseUrl: '?', models: [] } } } }",
        "1:48: models.providers.anthropic.baseUrl: Invalid URL: expected http:// or https:// with a host, and no user, query or "
            + "fragment")]
    [InlineData("{ agents: { defaults: { models: { m: { alias: 'a', parms: {} } } } } }",
        "1:52: agents.defaults.models.m: Unrecognized key: \"parms\"")]
    [InlineData("{ agents: { defaults: { models: { m: { params: 5 } } } } }",
        "1:48: agents.defaults.models.m.params: Invalid input: expected record, received number")]
    [InlineData("{ agents: { defaults: { model: { primary: 5, fallback: [] } } } }",
        "1:43: agents.defaults.model.primary: Invalid input: expected string, received number",
        "1:46: agents.defaults.model: Unrecognized key: \"fallback\"")]
    [InlineData("{ agents: { list: [{ id: 'a' }, { modle: 'x' }] } }",
        "1:33: agents.list.1.id: Invalid input: expected string, received undefined",
        "1:35: agents.list.1: Unrecognized key: \"modle\"")]
    [InlineData("{ env: { A: 5, vars: { B: true }, shellEnv: { enable: true } } }",
        "1:47: env.shellEnv: Unrecognized key: \"enable\"",
        "1:27: env.vars.B: Invalid input: expected string, received boolean",
        "1:13: env.A: Invalid input: expected string, received number")]
    [InlineData("{ clawgrpc: { limits: { attempts: 1.5 }, timeouts: { idleSeconds: 86400 }, extra: 1 } }",
        "1:67: clawgrpc.timeouts.idleSeconds: Too big: expected number to be <=3600",
        "1:35: clawgrpc.limits.attempts: Invalid input: expected int, received number",
        "1:76: clawgrpc: Unrecognized key: \"extra\"")]
    [InlineData("{ clawgrpc: { seal: { keyFile: 'seal.key', otherKeys: [{ keyfile: '/k' }], key: 'secret' } } }",
        "1:32: clawgrpc.seal.keyFile: Invalid input: expected an absolute path, or one that begins with ~/",
        "1:58: clawgrpc.seal.otherKeys.0: Unrecognized key: \"keyfile\"",
        "1:76: clawgrpc.seal: Unrecognized key: \"key\"")]
    [InlineData("{ clawgrpc: { replicas: { maxStaleness: '5' } } }", $"1:41: clawgrpc.replicas.maxStaleness: {NoTime}")]
    [InlineData("{ clawgrpc: { replicas: { maxStaleness: '5 m' } } }", $"1:41: clawgrpc.replicas.maxStaleness: {NoTime}")]
    [InlineData("{ clawgrpc: { replicas: { maxStaleness: '-5m' } } }", $"1:41: clawgrpc.replicas.maxStaleness: {NoTime}")]
    [InlineData("{ clawgrpc: { replicas: { maxStaleness: '0s' } } }", $"1:41: clawgrpc.replicas.maxStaleness: {NoTime}")]
    [InlineData("{ clawgrpc: { replicas: { maxStaleness: 'm' } } }", $"1:41: clawgrpc.replicas.maxStaleness: {NoTime}")]
    [InlineData("{ clawgrpc: { replicas: { maxStaleness: '25h' } } }", $"1:41: clawgrpc.replicas.maxStaleness: {NoTime}")]
    [InlineData("{ clawgrpc: { replicas: { maxStaleness: '5d' } } }", $"1:41: clawgrpc.replicas.maxStaleness: {NoTime}")]
    [InlineData("{ clawgrpc: { replicas: { maxStaleness: '' } } }", $"1:41: clawgrpc.replicas.maxStaleness: {NoTime}")]
    [InlineData("{ clawgrpc: { oauth: { clientID: 'c' } } }",
        "1:22: clawgrpc.oauth.tokenUrl: Invalid input: expected string, received undefined",
        "1:22: clawgrpc.oauth.clientId: Invalid input: expected string, received undefined",
        "1:24: clawgrpc.oauth: Unrecognized key: \"clientID\"")]
    [InlineData("{ clawgrpc: { oauth: { tokenUrl: '', clientId: '' } } }",
        "1:34: clawgrpc.oauth.tokenUrl: Too small: expected string to have >=1 characters",
        "1:48: clawgrpc.oauth.clientId: Too small: expected string to have >=1 characters")]
    [InlineData("{ clawgrpc: { oauth: { tokenUrl: 'http://login.example/token', clientId: 'c' } } }",
        $"1:34: clawgrpc.oauth.tokenUrl: {NoTokenUrl}")]
    [InlineData("{ clawgrpc: { oauth: { tokenUrl: 'https://u:p@login.example/token', clientId: 'c' } } }",
        $"1:34: clawgrpc.oauth.tokenUrl: {NoTokenUrl}")]
    [InlineData("{ clawgrpc: { oauth: { tokenUrl: 'https://login.example/token?x=1', clientId: 'c' } } }",
        $"1:34: clawgrpc.oauth.tokenUrl: {NoTokenUrl}")]
    [InlineData(
        "{ clawgrpc: { oauth: { tokenUrl: 'login.example', clientId: 'c' } } }", $"1:34: clawgrpc.oauth.tokenUrl: {NoTokenUrl}")]
    [InlineData("{ models: { providers: { anthropic: { baseUrl: 'http://x', models: [], headers: { 'x team': 'FAKE', 'x-a': "
        + "'FAKE\\nx', 'x-b': 'é', '': 'x' } } } } }",
        "1:93: models.providers.anthropic.headers.x team: Invalid header: expected a name of letters, digits and !#$%&'*+-.^_`|~",
        "1:108: models.providers.anthropic.headers.x-a: Invalid header: expected a value of printable ASCII characters",
        "1:126: models.providers.anthropic.headers.x-b: Invalid header: expected a value of printable ASCII characters",
        "1:135: models.providers.anthropic.headers.: Invalid header: expected a name of letters, digits and !#$%&'*+-.^_`|~")]
    [InlineData(
        "{ agent: {}, Agents: {} }", "1:3: <root>: Unrecognized key: \"agent\"", "1:14: <root>: Unrecognized key: \"Agents\"")]
    public void Each_error_has_its_place_and_its_words(string text, params string[] errors) =>
        Assert.Equal(errors, Folder.Refuse(text));

    [Fact]
    public void Errors_hold_no_secret()
    {
        var errors = Folder.Refuse("{ models: { providers: { anthropic: { baseUrl: 5, apiKey: ['sk-ant-api03-FAKE'], headers: { "
            + "a: ['FAKE'] } } } }, x: 'FAKE' }");
        Assert.DoesNotContain(errors, error => error.Contains("FAKE", StringComparison.Ordinal));
        Assert.Equal(5, errors.Length);
    }

    [Fact]
    public void Problem_is_worded_like_OpenClaws()
    {
        var errors = Assert.IsType<ConfigurationOutcome.Rejected>(Folder.With("{ bogusKey: 1 }").Read()).Errors;
        Assert.Equal("<root>: Unrecognized key: \"bogusKey\"", errors.Single().Problem);
        Assert.Equal($"{Folder.Path}:1:3: <root>: Unrecognized key: \"bogusKey\"", errors.Single().ToString());
    }
}
