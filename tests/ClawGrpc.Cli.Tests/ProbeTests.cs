using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw models status --probe</c>.</summary>
public sealed class ProbeTests : IAsyncLifetime
{
    private readonly Terminal _terminal = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        _terminal.HasStatus(new AgentStatus
        {
            ConfigPath = "/c",
            ResolvedDefault = "anthropic/claude-opus-4-6",
            Auth = new AuthStatus(),
        });
        _terminal.Script.Probe =
        [
            Result("anthropic:one", ProbeStatus.Ok, "", 120),
            Result("anthropic:two", ProbeStatus.Auth, "invalid x-api-key\nOnboard a new one.", 80),
            Result("anthropic:old", ProbeStatus.Unknown, "Excluded by auth.order for this provider.", null),
        ];
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Options_reach_the_request()
    {
        await _terminal.ClawAsync(
            "models", "status", "--probe", "--probe-provider", "anthropic", "--probe-profile", "a,b", "--probe-profile", " c ",
            "--probe-timeout", "1500", "--probe-concurrency", "4", "--probe-max-tokens", "1", "--agent", "work");
        var request = new ProbeProfilesRequest
        {
            AgentId = "work",
            Provider = "anthropic",
            ProfileIds = { "a", "b", "c" },
            Timeout = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(1500)),
            Concurrency = 4,
            MaxTokens = 1,
        };
        Assert.Equal(request, _terminal.Script.Single<ProbeProfilesRequest>());
    }

    [Fact]
    public async Task Default_options_are_OpenClaws()
    {
        await _terminal.ClawAsync("models", "status", "--probe");
        var request = _terminal.Script.Single<ProbeProfilesRequest>();
        Assert.Equal((8L, 2, 8), (request.Timeout.Seconds, request.Concurrency, request.MaxTokens));
    }

    [Fact]
    public async Task Json_has_results_as_OpenClaw_prints_them()
    {
        var run = await _terminal.ClawAsync("models", "status", "--probe", "--json");
        Golden.Matches("status/probes.json", run.Out);
    }

    [Fact]
    public async Task Text_has_results()
    {
        var run = await _terminal.ClawAsync("models", "status", "--probe");
        Assert.EndsWith(
            "\nAuth probes\n- anthropic/claude-opus-4-6 anthropic:one (api_key) ok · 120ms\n"
            + "- anthropic/claude-opus-4-6 anthropic:two (api_key) auth · 80ms · invalid x-api-key Onboard a new one.\n"
            + "- anthropic/claude-opus-4-6 anthropic:old (api_key) unknown · Excluded by auth.order for this provider.\n",
            run.Out,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--probe cannot be used with --plain output.", "--plain")]
    [InlineData("--probe-timeout must be a positive number (ms).", "--probe-timeout", "0")]
    [InlineData("--probe-concurrency must be > 0.", "--probe-concurrency", "x")]
    [InlineData("--probe-max-tokens must be > 0.", "--probe-max-tokens", "-1")]
    public async Task Invalid_options_fail_in_OpenClaws_words(string text, params string[] options)
    {
        Assert.Equal(new Run(1, "", $"Error: {text}\n"), await _terminal.ClawAsync(["models", "status", "--probe", .. options]));
        Assert.Empty(_terminal.Script.Requests);
    }

    [Fact]
    public async Task Invalid_options_fail_without_probe_too()
    {
        Assert.Equal(
            new Run(1, "", "Error: --probe-timeout must be a positive number (ms).\n"),
            await _terminal.ClawAsync("models", "status", "--probe-timeout", "0"));
        Assert.Equal(0, (await _terminal.ClawAsync("models", "status", "--plain", "--probe-timeout", "0.5")).ExitCode);
    }

    private static ProbeProfilesResponse Result(string profile, ProbeStatus status, string error, int? milliseconds) => new()
    {
        Provider = "anthropic",
        Model = "anthropic/claude-opus-4-6",
        ProfileId = profile,
        Label = profile,
        Source = "profile",
        Type = CredentialType.ApiKey,
        Status = status,
        Error = error,
        Latency = milliseconds is { } some ? Duration.FromTimeSpan(TimeSpan.FromMilliseconds(some)) : null,
    };
}
