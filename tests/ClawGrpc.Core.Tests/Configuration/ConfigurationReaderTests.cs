using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Core.Tests.Configuration;

/// <summary>Reads each section of a configuration.</summary>
public class ConfigurationReaderTests
{
    [Fact]
    public void Missing_file_configures_nothing()
    {
        var outcome = Assert.IsType<ConfigurationOutcome.Accepted>(new Folder().Read());
        Assert.Same(ClawConfiguration.None, outcome.Configuration);
        Assert.False(outcome.Configuration.FileExists);
        Assert.Equal<string>([Folder.Path], outcome.Files);
    }

    [Fact]
    public void Empty_object_configures_nothing() =>
        Assert.Equal(ClawConfiguration.None with { FileExists = true }, Folder.Accept("{}"));

    [Fact]
    public void Auth_declares_orders_and_cools()
    {
        var auth = Folder.Accept("""
            { auth: {
                profiles: {
                  'anthropic:work': { provider: 'anthropic', mode: 'api_key', email: 'me@example.com' },
                  'anthropic:claude-cli': { provider: 'anthropic', mode: 'token' },
                  'openai:default': { provider: 'openai', mode: 'token' },
                },
                order: { ' Anthropic ': ['anthropic:work'], anthropic: ['other'], 'z.ai': [] },
                cooldowns: { billingBackoffHours: 1, billingBackoffHoursByProvider: { Anthropic: 2.5 },
                  billingMaxHours: 1e300, failureWindowHours: 0.5 },
                inheritFromMain: true,
            } }
            """).Auth;
        Assert.Equal<DeclaredProfile>(
            [
                new DeclaredProfile("anthropic:work", "anthropic", "api_key", "me@example.com"),
                new DeclaredProfile("anthropic:claude-cli", "anthropic", "oauth"),
                new DeclaredProfile("openai:default", "openai", "token"),
            ],
            auth.Profiles);
        Assert.Equal<string>(["anthropic:work"], auth.Order["anthropic"]);
        Assert.Empty(auth.Order["zai"]);
        Assert.True(auth.InheritFromMain);
        Assert.Equal(
            HealthRules.OpenClaw20261 with
            {
                BillingBackoff = TimeSpan.FromHours(
                2.5),
                BillingMax = TimeSpan.FromDays(3650),
                FailureWindow = TimeSpan.FromMinutes(30)
            },
            auth.Health);
    }

    [Theory]
    [InlineData("https://login.example/v1/oauth/token")]
    [InlineData("http://127.0.0.1:8080/token")]
    [InlineData("http://[::1]/token")]
    [InlineData("http://localhost/token")]
    public void Token_endpoint_must_be_https_or_loopback(string url) => Assert.Equal(
        new OAuthConfiguration(new Uri(url), "mine"), Folder.Accept(
            $"{{ clawgrpc: {{ oauth: {{ tokenUrl: '{url}', clientId: 'mine' }} }} }}").Service.OAuth);

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("5m", 300)]
    [InlineData("1h", 3600)]
    [InlineData("24h", 86400)]
    public void Time_has_a_number_and_a_unit(string text, int seconds) => Assert.Equal(
        TimeSpan.FromSeconds(seconds),
        Folder.Accept($"{{ clawgrpc: {{ replicas: {{ maxStaleness: '{text}' }} }} }}").Service.MaxStaleness);

    [Theory]
    [InlineData("{}", 60)]
    [InlineData("{ auth: { cooldowns: { preset: 'openclaw-2026.1' } } }", 60)]
    [InlineData("{ auth: { cooldowns: { preset: 'openclaw-2026.9' } } }", 30)]
    public void Preset_selects_the_ladder(string text, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Folder.Accept(text).Auth.Health.Step(1));

    [Fact]
    public void Agents_choose_models_with_parameters()
    {
        var agents = Folder.Accept("""
            { agents: {
                defaults: {
                  model: { primary: ' opus ', fallbacks: ['anthropic/claude-sonnet-4-5'] },
                  imageModel: 'anthropic/claude-opus-4-6',
                  models: {
                    'anthropic/claude-opus-4-6': { alias: 'opus', params: {
                      cacheControlTtl: '5m', temperature: 0, maxTokens: 4096, cacheOnSubscription: true,
                        anthropicBeta: 'a, b,a', fastMode: 'auto' } },
                    'openai/gpt-5.2': { streaming: false },
                  },
                  workspace: '~/clawd', heartbeat: { every: '30m' },
                },
                list: [
                  { id: 'main', default: true, name: 'Main', workspace: '~', skills: [], model: 'sonnet' },
                  { id: 'Sub', agentDir: '/agents/sub', model: { fallbacks: [] },
                    params: { cacheRetention: 'long', cacheControlTtl: '5m', temperature: 1 } },
                ],
            } }
            """).Agents;

        Assert.Equal(["anthropic/claude-opus-4-6", "openai/gpt-5.2"], agents.Models.Select(entry => entry.Key));
        Assert.Equal("opus", agents.Models[0].Alias);
        Assert.Null(agents.Models[1].Alias);
        Assert.Equal("anthropic/claude-opus-4-6", agents.ImageModel.Primary);
        Assert.Equal("sonnet", agents.ModelOf("main").Primary);
        Assert.Equal<string>(["anthropic/claude-sonnet-4-5"], agents.ModelOf("main").Fallbacks!.Value);
        Assert.Equal("opus", agents.ModelOf("sub").Primary);
        Assert.Empty(agents.ModelOf("sub").Fallbacks!.Value);
        Assert.Equal("opus", agents.ModelOf("unheard-of").Primary);
        Assert.True(agents.Find("main")!.IsDefault);
        Assert.Equal("/agents/sub", agents.Find("SUB")!.AgentDir);

        var main = agents.ParametersOf("main", "anthropic/claude-opus-4-6");
        Assert.Equal(
            (Retention.Short, 0.0, 4096, true),
                (main.Retention!.Value, main.Temperature!.Value, main.MaxTokens!.Value, main.CacheOnSubscription!.Value));
        Assert.Equal<string>(["a", "b"], main.AnthropicBeta);
        Assert.Equal(["fastMode"], main.Others.Keys);
        var sub = agents.ParametersOf("sub", "anthropic/claude-opus-4-6");
        Assert.Equal((Retention.Long, 1.0, 4096), (sub.Retention!.Value, sub.Temperature!.Value, sub.MaxTokens!.Value));
        Assert.Equal(ModelParameters.None, agents.ParametersOf("main", "anthropic/claude-haiku-4-5"));
    }

    [Fact]
    public void Agents_of_OpenClaw_2026_9_are_entries_by_id()
    {
        var agents = Folder.Accept(
            "{ agents: { entries: { main: { name: 'Main', typingMode: 'never' }, sub: { model: 'x/y' } } } }").Agents;
        Assert.Equal(["main", "sub"], agents.List.Select(agent => agent.Id));
        Assert.Equal("x/y", agents.ModelOf("sub").Primary);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("cacheRetention: 'none', cacheControlTtl: '1h'", Retention.None)]
    [InlineData("cacheRetention: 'short', cacheControlTtl: '1h'", Retention.Short)]
    [InlineData("cacheRetention: 'long', cacheControlTtl: '5m'", Retention.Long)]
    [InlineData("cacheRetention: 'standard', cacheControlTtl: '5m'", Retention.Short)]
    [InlineData("cacheControlTtl: '1h'", Retention.Long)]
    [InlineData("cacheRetention: 'LONG', cacheControlTtl: '2h'", null)]
    internal void CacheRetention_wins_over_cacheControlTtl(string parameters, Retention? expected)
    {
        var agents = Folder.Accept(
            $"{{ agents: {{ defaults: {{ models: {{ 'anthropic/m': {{ params: {{ {parameters} }} }} }} }} }} }}").Agents;
        Assert.Equal(expected, agents.ParametersOf("main", "anthropic/m").Retention);
    }

    [Theory]
    [InlineData("cacheRetention: 'standard', temperature: 'hot', maxTokens: 0",
        "cacheRetention: Ignored: expected \"none\", \"short\", or \"long\"", "temperature: Ignored: expected a number from 0",
            "maxTokens: Ignored: expected a number from 1")]
    [InlineData("cacheRetention: 5, cacheControlTtl: '2h', cacheOnSubscription: 'yes', maxTokens: Infinity, temperature: -1",
        "cacheRetention: Ignored: expected \"none\", \"short\", or \"long\"",
            "cacheControlTtl: Ignored: expected \"5m\" or \"1h\"",
        "cacheOnSubscription: Ignored: expected true or false", "maxTokens: Ignored: expected a number from 1",
        "temperature: Ignored: expected a number from 0")]
    [InlineData("cacheRetention: 'none', topK: 'whatever'")]
    public void Parameters_that_mean_nothing_are_ignored_with_a_warning(string parameters, params string[] warnings)
    {
        var outcome = Folder.With($"{{ agents: {{ defaults: {{ models: {{ m: {{ params: {{ {parameters} }} }} }} }} }} }}")
            .Read();
        Assert.Equal(
            warnings.Select(warning => $"agents.defaults.models.m.params.{warning}"),
                Assert.IsType<ConfigurationOutcome.Accepted>(outcome).Warnings.Select(warning => warning.Problem));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void Any_whole_number_of_tokens_is_one(int tokens) => Assert.Equal(
        tokens, Folder.Accept($"{{ agents: {{ list: [{{ id: 'a', params: {{ maxTokens: {tokens} }} }}] }} "
            + $"}}").Agents.ParametersOf("a", "m").MaxTokens);

    [Fact]
    public void Agent_parameters_win_over_those_of_the_model()
    {
        const string Model = "cacheRetention: 'short', cacheOnSubscription: true, temperature: 0.1, maxTokens: 1, anthropicBeta: "
            + "'a', x: 1, y: 1";
        const string Agent = "cacheRetention: 'long', cacheOnSubscription: false, temperature: 0.2, maxTokens: 2, anthropicBeta: "
            + "'b', y: 2";
        var agents = Folder.Accept($"{{ agents: {{ list: [{{ id: 'a', params: {{ {Agent} }} }}], defaults: "
            + $"{{ models: {{ m: {{ params: {{ {Model} }} }} }} }} }} }}").Agents;
        Assert.Equal("Long False 0.2 2 b x y2", Told(agents.ParametersOf("a", "m")));
        Assert.Equal("Short True 0.1 1 a x y1", Told(agents.ParametersOf("other", "m")));
        Assert.Equal("Long False 0.2 2 b y2", Told(agents.ParametersOf("a", "other")));

        static string Told(ModelParameters parameters) => FormattableString.Invariant(
            $"{parameters.Retention} {parameters.CacheOnSubscription} {parameters.Temperature} {parameters.MaxTokens} ")
            + string.Join(',', parameters.AnthropicBeta)
            + string.Concat(parameters.Others.OrderBy(other => other.Key).Select(
                other => other.Key == "x" ? " x" : $" {other.Key}{((ClawGrpc.Json5.Json5Number)other.Value).Value}"));
    }

    [Theory]
    [InlineData("anthropic/claude-opus-5-5", true)]
    [InlineData("claude-opus-5-5", true)]
    [InlineData("anthropic/claude-opus-4-6", false)]
    [InlineData("openai/claude-opus-5-5", false)]
    public void Temperature_for_a_model_without_one_gives_a_warning(string model, bool warned)
    {
        var read = Folder.With(
            $"{{ agents: {{ defaults: {{ models: {{ '{model}': {{ params: {{ temperature: 0.5 }} }} }} }} }} }}").Read();
        Assert.Equal(
            warned ? [$"agents.defaults.models.{model}.params.temperature: Ignored: this model takes no temperature"] : [],
            Assert.IsType<ConfigurationOutcome.Accepted>(read).Warnings.Select(warning => warning.Problem));
    }

    [Theory]
    [InlineData("anthropic", "Authorization|X-API-Key|anthropic-version|Host")]
    [InlineData("openai", "")]
    public void Header_that_ClawGrpc_sets_itself_is_ignored_with_warning(string provider, string warned)
    {
        var read = Folder.With($$"""
            { models: { providers: { {{provider}}: { baseUrl: 'http://x', models: [], headers: {
                Authorization: 'Bearer FAKE', 'X-API-Key': 'FAKE', 'anthropic-version': '2023-06-01', Host: 'x',
                  'x-team': 'blue', 'Anthropic-Beta': 'a' } } } } }
            """).Read();
        Assert.Equal(
            warned.Split('|', StringSplitOptions.RemoveEmptyEntries)
                .Select(name => $"models.providers.{provider}.headers.{name}: Ignored: ClawGrpc sets this header itself"),
            Assert.IsType<ConfigurationOutcome.Accepted>(read).Warnings.Select(warning => warning.Problem));
    }

    [Fact]
    public void Provider_never_prints_its_keys()
    {
        var models = Folder.Accept("""
            { models: { mode: 'replace', providers: { Anthropic: {
                baseUrl: 'http://127.0.0.1:8080', apiKey: 'sk-ant-api03-FAKE-0123456789', auth: 'api-key',
                  api: 'anthropic-messages', authHeader: false,
                headers: { 'Anthropic-Beta': 'x', 'x-key': 'FAKE-header' },
                  models: [{ id: 'm', name: 'M', contextWindow: 200000, cost: {} }],
            }, other: { baseUrl: 'http://other', models: [] } } } }
            """).Models;
        var anthropic = models.Anthropic!;
        Assert.True(models.ReplacesBuiltIn);
        Assert.Equal(("Anthropic", "http://127.0.0.1:8080", "api-key", "anthropic-messages"),
            (anthropic.Id, anthropic.BaseUrl, anthropic.Auth, anthropic.Api));
        Assert.Equal("sk-ant-api03-FAKE-0123456789", anthropic.ApiKey!.Reveal());
        Assert.Equal("x", anthropic.Headers["Anthropic-Beta"].Reveal());
        Assert.Equal(200000, anthropic.Models.Single().ContextWindow);
        Assert.DoesNotContain("FAKE", anthropic.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ClawGrpc_has_a_section_of_its_own()
    {
        var configuration = Folder.Accept("""
            { clawgrpc: { extendedCacheTtlBeta: 'never', subscriptions: { enabled: false },
              timeouts: { firstEventSeconds: 1.5, idleSeconds: 300 },
                limits: { attempts: 3 } } }
            """);
        Assert.Equal(
            new ServiceConfiguration
            {
                ExtendedCacheTtlBeta = ExtendedCacheTtlBeta.Never,
                Subscriptions = false,
                FirstEvent = TimeSpan.FromSeconds(1.5),
                Idle = TimeSpan.FromSeconds(300),
                Attempts = 3,
            },
            configuration.Service with { TrustDomains = ServiceConfiguration.Default.TrustDomains });
        Assert.False(configuration.AuthSettings.Subscriptions);
    }

    [Fact]
    public void Sections_of_OpenClaw_are_left_alone() => Assert.True(Folder.Accept("""
        {
          $schema: 'x', meta: { lastTouchedVersion: '2026.2.6-3' }, wizard: {}, messages: { any: ['thing'] },
            channels: { telegram: { botToken: '${NO_SUCH_TOKEN}' } },
          tools: {}, skills: {}, plugins: { $include: './missing.json5' }, hooks: {},
            cron: {}, ui: 5, gateway: null, commands: {}, session: [],
        }
        """).FileExists);
}
