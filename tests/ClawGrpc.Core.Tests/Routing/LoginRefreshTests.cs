using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Tests.Routing;

/// <summary>When a login is refreshed, and with which result.</summary>
public class LoginRefreshTests
{
    private static readonly DateTimeOffset Noon = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);
    private static readonly OAuthConfiguration Endpoint = new(new Uri("https://login.example/token"), "client");

    [Theory]
    [InlineData("anthropic:work", "anthropic", "r", true)]
    [InlineData("anthropic:work", "Anthropic", "r", true)]
    [InlineData("anthropic:claude-cli", "anthropic", "r", false)]
    [InlineData("anthropic:work", "anthropic", " ", false)]
    [InlineData("openai-codex:work", "openai-codex", "r", false)]
    public void Only_logins_of_our_own_with_a_refresh_token_are_refreshed(
        string id, string provider, string refresh, bool expected) => Assert.Equal(
        expected, LoginRefresh.IsRefreshable(
            new Profile(id, new OAuthCredential(provider, new Secret("a"), new Secret(refresh), Noon))));

    [Fact]
    public void Other_credentials_are_not()
    {
        Assert.False(LoginRefresh.IsRefreshable(new Profile("a", new TokenCredential("anthropic", new Secret("t"), Noon))));
        Assert.False(LoginRefresh.IsRefreshable(new Profile("a", new ApiKeyCredential("anthropic", new Secret("k")))));
        Assert.False(LoginRefresh.IsRefreshable(new Profile("a", new OAuthCredential("anthropic", new Secret("a"), null, Noon))));
    }

    // Seconds until the access token ends (null if not stated), the step, and whether the token still serves.
    [Theory]
    [InlineData(3600, RefreshStep.NotDue, true)]
    [InlineData(301, RefreshStep.NotDue, true)]
    [InlineData(300, RefreshStep.Ask, true)]
    [InlineData(1, RefreshStep.Ask, true)]
    [InlineData(0, RefreshStep.Ask, false)]
    [InlineData(-86400, RefreshStep.Ask, false)]
    [InlineData(null, RefreshStep.Ask, false)]
    internal void Token_is_refreshed_ahead_of_its_end_and_serves_until_then(int? left, RefreshStep step, bool usable)
    {
        var history = Login(left);
        Assert.Equal((step, usable), (LoginRefresh.StepOf(history, Noon), LoginRefresh.IsUsable(history, Noon)));
        Assert.Equal(step == RefreshStep.Ask, LoginRefresh.DueAt(history) <= Noon);
    }

    [Theory]
    [InlineData(3600, RefreshStep.NotDue)]
    [InlineData(1, RefreshStep.NotDue)]
    [InlineData(0, RefreshStep.Blocked)]
    internal void Without_an_endpoint_it_serves_to_its_end_and_no_longer(int left, RefreshStep step)
    {
        var history = Login(left) with { Endpoint = null };
        Assert.Equal((step, null), (LoginRefresh.StepOf(history, Noon), LoginRefresh.DueAt(history)));
        Assert.Same(LoginProblem.NoEndpoint, LoginRefresh.AfterBlocked(history).Problem);
    }

    [Fact]
    public void Refused_token_is_refreshed_at_once_unless_just_granted()
    {
        var refused = LoginRefresh.AfterRejection(Login(3600), Noon);
        Assert.Equal((RefreshStep.Ask, false), (LoginRefresh.StepOf(refused, Noon), LoginRefresh.IsUsable(refused, Noon)));
        Assert.Equal(ExpiryState.Expired, LoginRefresh.StateOf(refused, Noon, refreshableIsOk: true));
        var young = Login(3600) with { GrantedAt = Noon.AddSeconds(-59) };
        Assert.Equal(young, LoginRefresh.AfterRejection(young, Noon));
        var older = Login(3600) with { GrantedAt = Noon.AddSeconds(-60) };
        Assert.Equal(RefreshStep.Ask, LoginRefresh.StepOf(LoginRefresh.AfterRejection(older, Noon), Noon));
    }

    // In seconds: the lifetime of the granted token, the lifetime left by the file, and the time until the next refresh.
    [Theory]
    [InlineData(28800, 28500, 28200)]
    [InlineData(3000, 2700, 2400)]
    [InlineData(600, 540, 270)]
    [InlineData(60, 54, 27)]
    [InlineData(1, 0.9, 0.45)]
    public void Grant_is_written_first_and_short_tokens_are_not_refreshed_on(double life, double left, double next)
    {
        var before = Login(-5) with { Failures = 3 };
        var granted = LoginRefresh.After(
            before, new GrantAnswer.Granted(new Secret("a2"), new Secret("r2"), TimeSpan.FromSeconds(life)), Noon);
        Assert.Equal((RefreshStep.Write, false), (LoginRefresh.StepOf(granted, Noon), LoginRefresh.IsUsable(granted, Noon)));
        var after = LoginRefresh.AfterWrite(granted);
        Assert.Equal(new OAuthCredential(
            "anthropic", new Secret("a2"), new Secret("r2"), Noon.AddSeconds(left), "me@example.com"), after.Credential);
        Assert.Equal((RefreshStep.NotDue, true, 0),
            (LoginRefresh.StepOf(after, Noon), LoginRefresh.IsUsable(after, Noon), after.Failures));
        Assert.Equal(Noon.AddSeconds(next), LoginRefresh.DueAt(after));
    }

    [Fact]
    public void Refresh_token_that_is_not_replaced_stays()
    {
        var granted = LoginRefresh.After(Login(-5), new GrantAnswer.Granted(new Secret("a2"), null, TimeSpan.FromHours(8)), Noon);
        Assert.Equal("r", LoginRefresh.AfterWrite(granted).Credential.Refresh!.Reveal());
    }

    [Fact]
    public void Unwritten_grant_is_written_later_without_asking_again()
    {
        var granted = LoginRefresh.After(
            Login(-5), new GrantAnswer.Granted(new Secret("a2"), new Secret("r2"), TimeSpan.FromHours(8)), Noon);
        var failed = LoginRefresh.AfterFailure(granted, "no space", null, Noon);
        Assert.Equal((RefreshStep.Blocked, RefreshStep.Write),
            (LoginRefresh.StepOf(failed, Noon), LoginRefresh.StepOf(failed, Noon.AddSeconds(5))));
        Assert.Equal(Noon.AddSeconds(5), LoginRefresh.DueAt(failed));
        Assert.False(LoginRefresh.IsUsable(failed, Noon));
    }

    [Fact]
    public void Grant_serves_before_it_is_written_only_where_no_crash_loses_it()
    {
        var granted = LoginRefresh.After(
            Login(-5), new GrantAnswer.Granted(new Secret("a2"), new Secret("r2"), TimeSpan.FromHours(8)), Noon);
        Assert.Null(LoginRefresh.TokenOf(LoginRefresh.AfterFailure(granted, "no database", null, Noon), Noon));
        var kept = LoginRefresh.AfterFailure(granted with { IsKept = true }, "no database", null, Noon);
        Assert.Equal("a2", LoginRefresh.TokenOf(kept, Noon)!.Reveal());
        Assert.Equal(ExpiryState.Ok, LoginRefresh.StateOf(kept with { Problem = null }, Noon, refreshableIsOk: true));
        Assert.Null(LoginRefresh.TokenOf(kept, Noon.AddHours(8)));
        var found = LoginRefresh.Found(Login(-5), granted.Unwritten!);
        Assert.Equal(
            (RefreshStep.Write, "a2"), (LoginRefresh.StepOf(found, Noon), LoginRefresh.TokenOf(found, Noon)!.Reveal()));
        Assert.Equal((false, null), (LoginRefresh.AfterWrite(found).IsKept, LoginRefresh.AfterWrite(found).Unwritten));
    }

    [Fact]
    public void Refused_refresh_is_not_repeated_for_this_credential()
    {
        var refused = LoginRefresh.After(
            Login(200), new GrantAnswer.Refused("the token endpoint answered 400: invalid_grant"), Noon);
        Assert.True(LoginRefresh.IsUsable(refused, Noon));
        Assert.Equal((RefreshStep.Blocked, null), (LoginRefresh.StepOf(refused, Noon.AddYears(1)), LoginRefresh.DueAt(refused)));
        Assert.Equal(ExpiryState.Expiring, LoginRefresh.StateOf(refused, Noon, refreshableIsOk: true));
        Assert.Equal(ExpiryState.Expired, LoginRefresh.StateOf(refused, Noon.AddSeconds(200), refreshableIsOk: true));
        Assert.Equal(ExpiryState.Ok, LoginRefresh.StateOf(Login(-5), Noon, refreshableIsOk: true));
        Assert.Equal(ExpiryState.Expired, LoginRefresh.StateOf(Login(-5), Noon, refreshableIsOk: false));
    }

    [Theory]
    [InlineData(0, null, 5)]
    [InlineData(1, null, 10)]
    [InlineData(5, null, 160)]
    [InlineData(6, null, 300)]
    [InlineData(500, null, 300)]
    [InlineData(0, 90, 90)]
    [InlineData(6, 90, 300)]
    public void Pauses_double_and_a_stated_one_makes_them_longer(int failures, int? stated, int pause)
    {
        var answer = new GrantAnswer.Failed("503", stated is { } seconds ? Noon.AddSeconds(seconds) : null);
        var failed = LoginRefresh.After(Login(-5) with { Failures = failures }, answer, Noon);
        Assert.Equal((Noon.AddSeconds(pause), failures + 1), (failed.Problem!.RetryAt, failed.Failures));
        Assert.Equal(Noon.AddSeconds(pause), LoginRefresh.DueAt(failed));
        Assert.Equal(RefreshStep.Blocked, LoginRefresh.StepOf(failed, Noon.AddSeconds(pause).AddTicks(-1)));
        Assert.Equal(RefreshStep.Ask, LoginRefresh.StepOf(failed, Noon.AddSeconds(pause)));
    }

    [Fact]
    public void Failed_early_refresh_leaves_the_token_in_use()
    {
        var failed = LoginRefresh.After(Login(200), new GrantAnswer.Failed("503"), Noon);
        Assert.True(LoginRefresh.IsUsable(failed, Noon));
        Assert.Equal(RefreshStep.Blocked, LoginRefresh.StepOf(failed, Noon));
    }

    [Fact]
    public void Every_message_has_the_known_words_and_a_remedy()
    {
        LoginProblem[] all = [LoginProblem.NoEndpoint, LoginProblem.NoRefreshToken, LoginProblem.OfClaudeCli, new(
            "x"), new("x", Noon)];
        Assert.All(all, problem =>
        {
            Assert.StartsWith("OAuth token refresh failed for anthropic: ", problem.Message, StringComparison.Ordinal);
            Assert.Contains("claude setup-token", problem.Message, StringComparison.Ordinal);
            Assert.Equal(
                problem.RetryAt is not null, problem.Message.Contains("tried again by itself", StringComparison.Ordinal));
        });
    }

    [Fact]
    public void Refresh_history_prints_no_token()
    {
        var history = Login(5) with { Unwritten = Login(9).Credential };
        Assert.DoesNotContain("a-secret", history.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret", new GrantAnswer.Granted(
            new Secret("a-secret"), null, TimeSpan.Zero).ToString(), StringComparison.Ordinal);
    }

    private static RefreshHistory Login(int? left) => new(
        new OAuthCredential("anthropic", new Secret(
            "a-secret"), new Secret("r"), left is { } seconds ? Noon.AddSeconds(seconds) : null, "me@example.com"), Endpoint);
}
