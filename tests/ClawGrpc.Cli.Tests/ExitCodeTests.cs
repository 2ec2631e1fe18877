using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Tests;

/// <summary>The exit codes that docs/cli.md names, and no others.</summary>
public sealed partial class ExitCodeTests : IAsyncLifetime
{
    private readonly Terminal _terminal = new();

    public async Task InitializeAsync() => await _terminal.StartAsync();

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Table_names_every_code()
    {
        var documented = Row().Matches(await File.ReadAllTextAsync(Page())).Select(row => int.Parse(row.Groups[1].Value));
        Assert.Equal([0, 1, 2, 130], documented);
    }

    [Theory]
    [InlineData(0, ExpiryState.Ok)]
    [InlineData(1, ExpiryState.Expired)]
    [InlineData(1, ExpiryState.Missing)]
    [InlineData(2, ExpiryState.Expiring)]
    public async Task Check_has_codes_of_its_own(int code, ExpiryState state)
    {
        _terminal.HasStatus(new AgentStatus
        {
            Auth = new AuthStatus
            {
                Profiles = { new ProfileStatus { ProfileId = "a", Type = CredentialType.Token, Expiry = state } },
            },
        });
        Assert.Equal(code, (await _terminal.ClawAsync("models", "status", "--check")).ExitCode);
        Assert.Equal(0, (await _terminal.ClawAsync("models", "status")).ExitCode);
    }

    [Theory]
    [InlineData("cooldown")]
    [InlineData("disabled")]
    public async Task Check_passes_over_what_is_set_aside(string kind)
    {
        _terminal.HasStatus(new AgentStatus
        {
            Auth = new AuthStatus
            {
                Profiles = { new ProfileStatus { ProfileId = "a", Type = CredentialType.ApiKey, Expiry = ExpiryState.Static } },
                UnusableProfiles = { new UnusableProfile { ProfileId = "a", Kind = kind, Reason = "billing" } },
            },
        });
        Assert.Equal(0, (await _terminal.ClawAsync("models", "status", "--check")).ExitCode);
    }

    [Fact]
    public async Task Failure_and_wrong_call_exit_1_and_print_no_JSON()
    {
        foreach (var arguments in new[] { "agents list --json --nope", "agents list --json" })
        {
            var run = await _terminal.ClawAsync(arguments.Split(' '));
            Assert.Equal((1, ""), (run.ExitCode, run.Out));
            Assert.NotEqual("", run.Error);
        }
    }

    [Fact]
    public async Task Changed_audit_exits_1()
    {
        _terminal.Script.On<VerifyAuditRequest>(_ => new VerifyAuditResponse { BadLine = 3, Problem = "its hash is wrong" });
        Assert.Equal(1, (await _terminal.ClawAsync("audit", "verify")).ExitCode);
        _terminal.Script.On<VerifyAuditRequest>(_ => new VerifyAuditResponse { Valid = true });
        Assert.Equal(0, (await _terminal.ClawAsync("audit", "verify")).ExitCode);
    }

    [Fact]
    public async Task Interruption_exits_130()
    {
        using var pressed = new CancellationTokenSource();
        _terminal.Script.On<ListAgentsRequest>(_ =>
        {
            pressed.Cancel();
            return new ListAgentsResponse { NextPageToken = "more" };
        });
        Assert.Equal(130, (await _terminal.RunAsync(["agents", "list"], cancellation: pressed.Token)).ExitCode);
    }

    private static string Page([CallerFilePath] string here = "") =>
        Path.Join(Path.GetDirectoryName(here), "../../docs/cli.md");

    [GeneratedRegex(@"^\| (\d+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
