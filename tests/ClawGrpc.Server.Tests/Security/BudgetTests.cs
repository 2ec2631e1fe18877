using System.Text.Json;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>What a client may spend in a day or a month.</summary>
public class BudgetTests
{
    [Fact]
    public async Task Used_up_budget_refuses_until_it_begins_anew()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync(
            "ci", [Scope.Complete], client => client.Budget = new ClientBudget { Tokens = 30 });
        var used = 0L;
        while (used < 30)
            used += await CompleteAsync(fixture, token);
        var failure = await CallFailure.OfAsync(() => CompleteAsync(fixture, token));
        Assert.Equal((StatusCode.ResourceExhausted, "BUDGET_EXCEEDED"), (failure.Code, failure.Reason));
        var midnight = new DateTimeOffset(fixture.Time.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero).AddDays(1);
        Assert.Equal($"{midnight:yyyy-MM-dd}T00:00:00Z", failure.Facts["reset"]);
        Assert.Equal(midnight - fixture.Time.GetUtcNow(), failure.RetryDelay);
        var who = await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), token.Headers);
        Assert.Equal(used, who.Client.BudgetUse.Tokens);

        fixture.Time.Advance(failure.RetryDelay!.Value);
        Assert.True(await CompleteAsync(fixture, token) > 0);
    }

    [Fact]
    public async Task What_was_spent_outlives_a_restart()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync(
            "ci", [Scope.Complete], client => client.Budget = new ClientBudget { Usd = 5, Period = BudgetPeriod.Month });
        await CompleteAsync(fixture, token);
        var before = (await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), token.Headers)).Client.BudgetUse;
        Assert.True(before.Usd > 0);
        await fixture.RestartServerAsync();
        var after = (await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), token.Headers)).Client.BudgetUse;
        Assert.Equal(before, after);
    }

    [Fact]
    public async Task What_was_taken_ahead_is_given_back_after_a_minute_without_calls()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync(
            "ci", [Scope.Complete], client => client.Budget = new ClientBudget { Tokens = 100_000 });
        var used = await CompleteAsync(fixture, token);
        Assert.InRange(Stored(), used + 1, 100_000);
        fixture.Time.Advance(TimeSpan.FromSeconds(59));
        used += await CompleteAsync(fixture, token);
        fixture.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.InRange(Stored(), used + 1, 100_000);

        fixture.Time.Advance(TimeSpan.FromSeconds(62));
        await ServerFixture.EventuallyAsync(() => Task.FromResult(Stored() == used));
        used += await CompleteAsync(fixture, token);
        Assert.InRange(Stored(), used + 1, 100_000);

        long Stored() => JsonDocument.Parse(File.ReadAllBytes(fixture.Files["budgets.json"])).RootElement
            .GetProperty("clients").GetProperty("ci").GetProperty("tokens").GetInt64();
    }

    [Fact]
    public async Task Calls_at_once_do_not_spend_the_same_money()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync(
            "ci", [Scope.Complete], client => client.Budget = new ClientBudget { Tokens = 100 });
        var calls = Enumerable.Range(0, 20).Select(async _ =>
        {
            try
            {
                await CompleteAsync(fixture, token);
                return true;
            }
            catch (RpcException)
            {
                return false;
            }
        });
        var served = (await Task.WhenAll(calls)).Count(each => each);

        // Each may come to 64 tokens of output and the prompt.
        Assert.InRange(served, 1, 19);
        var use = (await fixture.Access.WhoAmIAsync(new WhoAmIRequest(), token.Headers)).Client.BudgetUse;
        Assert.InRange(use.Tokens, 1, 200);
    }

    [Fact]
    public async Task Model_without_a_price_is_not_paid_in_dollars()
    {
        await using var fixture = await ServerFixture.StartAsync(sandbox: new SandboxOptions { ExtraModels = ["claude-novel"] });
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync(
            "ci", [Scope.Complete], client => client.Budget = new ClientBudget { Usd = 5 });
        var failure = await CallFailure.OfAsync(() => CompleteAsync(fixture, token, "anthropic/claude-novel"));
        Assert.Equal("MODEL_NOT_PERMITTED", failure.Reason);
    }

    private static async Task<long> CompleteAsync(ServerFixture fixture, TestToken token, string model = "")
    {
        var request = new CompleteRequest { Input = Prompts.Input(with: input => input.Model = model) };
        var usage = (await fixture.Models.CompleteAsync(request, token.Headers)).Receipt.Usage;
        return usage.InputTokens + usage.OutputTokens + usage.CacheCreationInputTokens + usage.CacheReadInputTokens;
    }
}
