using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>What completions used and cost, in the receipt and in the status.</summary>
public class UsageAndCostTests
{
    private static readonly SandboxOptions CachesAll = new() { MinimumCacheableTokens = 1 };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Receipt_gives_cost_by_list_prices_and_cache_savings(bool stream)
    {
        await using var fixture = await ServerFixture.StartAsync(sandbox: CachesAll);
        await fixture.OnboardAsync();
        var input = Prompts.Input(
            string.Join(' ', Enumerable.Repeat("Remember this.", 40)), input => input.CacheRetention = CacheRetention.Long);
        var written = (await fixture.AskAsync(stream, input)).Served;

        // Of claude-opus-4-6, in billionths of a dollar: input 5,000, output 25,000, writes 6,250 and 10,000, reads 500.
        Assert.True(written.Usage.CacheCreation1HInputTokens > 0);
        Assert.Equal((written.Usage.CacheCreation1HInputTokens * 10_000, 0),
            (written.Cost.CacheWrite1HNanoUsd, written.Cost.CacheWrite5MNanoUsd));
        Assert.Equal(-written.Usage.CacheCreation1HInputTokens * 5_000, written.Cost.CacheSavedNanoUsd);
        var read = (await fixture.AskAsync(stream, input)).Served;
        Assert.Equal(read.Usage.CacheReadInputTokens * 500, read.Cost.CacheReadNanoUsd);
        Assert.Equal((read.Usage.InputTokens * 5_000, read.Usage.OutputTokens * 25_000),
            (read.Cost.InputNanoUsd, read.Cost.OutputNanoUsd));
        Assert.Equal(read.Cost.InputNanoUsd + read.Cost.OutputNanoUsd + read.Cost.CacheReadNanoUsd, read.Cost.TotalNanoUsd);
        Assert.Equal(read.Usage.CacheReadInputTokens * 4_500, read.Cost.CacheSavedNanoUsd);
        Assert.Equal(("2026-11-20", ""), (read.Cost.PriceSource, read.Cost.Unpriced));
    }

    [Fact]
    public async Task The_status_counts_by_agent_profile_and_model()
    {
        await using var fixture = await WithTwoKeysAsync();
        var first = (await fixture.StreamAsync()).Served;
        fixture.Sandbox.Script(Faults.Status(401).ForKey(KeyOne));
        var second = (await fixture.CompleteAsync()).Served;
        var third = (await fixture.CompleteAsync(Prompts.Input(with: input => input.Model = "claude-sonnet-4-6"))).Served;
        var status = await fixture.StatusAsync();
        Assert.Equal((3, Sum(first, second, third)), (status.Usage.Completions, status.Usage.Cost.TotalNanoUsd));
        Assert.Equal(
            [(One, 1, first.Cost.TotalNanoUsd), (Two, 2, Sum(second, third))],
            status.Auth.Profiles.Select(
                profile => (profile.ProfileId, profile.Usage.Completions, profile.Usage.Cost.TotalNanoUsd)));
        Assert.Equal(
            [("anthropic/claude-opus-4-6", 2, Sum(first, second)), ("anthropic/claude-sonnet-4-6", 1, third.Cost.TotalNanoUsd)],
            status.ModelUsages.Select(model => (model.Model, model.Usage.Completions, model.Usage.Cost.TotalNanoUsd)));
        Assert.Equal(0, status.Usage.UnpricedCompletions);
    }

    [Fact]
    public async Task Model_without_price_is_marked_as_unpriced()
    {
        await using var fixture = await ServerFixture.StartAsync(sandbox: new SandboxOptions { ExtraModels = ["claude-next"] });
        await fixture.OnboardAsync();
        var receipt = (await fixture.StreamAsync(Prompts.Input(with: input => input.Model = "claude-next"))).Served;
        Assert.Equal(
            (0, "no price for claude-next", ""), (receipt.Cost.TotalNanoUsd, receipt.Cost.Unpriced, receipt.Cost.PriceSource));
        var status = await fixture.StatusAsync();
        Assert.Equal((1, 1, receipt.Usage.OutputTokens),
            (status.Usage.Completions, status.Usage.UnpricedCompletions, status.ModelUsages[0].Usage.Usage.OutputTokens));
    }

    [Fact]
    public async Task Configuration_adds_and_overrides_list_prices()
    {
        await using var fixture = await ServerFixture.StartAsync(sandbox: new SandboxOptions { ExtraModels = ["claude-next"] });
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, """agents: { defaults: { model: "claude-next" } }""", """
            models: [
              { id: "claude-next", name: "Next", cost: { input: 1, output: 2.5, cacheRead: 0.1, cacheWrite: 1.5 } },
              { id: "claude-sonnet-4-5", name: "Sonnet", cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } },
              { id: "claude-opus-4-6", name: "Opus", cost: { input: "many" } },
            ]
            """);
        await fixture.RestartServerAsync();
        await fixture.OnboardAsync();
        var next = (await fixture.StreamAsync()).Served;
        Assert.Equal((next.Usage.OutputTokens * 2_500, "configuration"), (next.Cost.OutputNanoUsd, next.Cost.PriceSource));
        Assert.Equal(next.Usage.InputTokens * 1_000, next.Cost.InputNanoUsd);

        // Upstream names the dated snapshot of what was asked for.
        var free = (await fixture.StreamAsync(Prompts.Input(with: input => input.Model = "claude-sonnet-4-5"))).Served;
        Assert.Equal((0, "configuration", ""), (free.Cost.TotalNanoUsd, free.Cost.PriceSource, free.Cost.Unpriced));
        Assert.Equal("2026-11-20", (await fixture.StreamAsync(
            Prompts.Input(with: input => input.Model = "claude-opus-4-6"))).Served.Cost.PriceSource);
    }

    [Fact]
    public async Task Caller_leaving_before_content_is_charged_for_its_prompt()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Stall(1).Forever());
        var calls = 0;

        // That upstream has sent the first event does not say that the server has read it: then the next call has another chance.
        await ServerFixture.EventuallyAsync(async () =>
        {
            using var leave = new CancellationTokenSource();
            using var call = fixture.OpenStream(cancellation: leave.Token);
            calls++;
            await fixture.Sandbox.WaitForRequestsAsync(calls);
            await ServerFixture.EventuallyAsync(() => Task.FromResult(fixture.Sandbox.Requests[calls - 1].EventsSent == 1));
            await leave.CancelAsync();
            await fixture.Sandbox.WaitForAbortsAsync(calls);
            return (await fixture.StatusAsync()).Usage.Usage.InputTokens > 0;
        });
        var used = (await fixture.StatusAsync()).Usage;
        Assert.Equal((0, used.Usage.InputTokens * 5_000), (used.Completions, used.Cost.InputNanoUsd));
    }

    [Fact]
    public async Task Interrupted_answer_costs_the_usage_counted_so_far()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Cut(6));
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal("INTERRUPTED", failed.Reason);
        var (usage, cost) = (failed.Receipt!.Usage, failed.Receipt.Cost);
        Assert.True(usage.InputTokens > 0);
        Assert.Equal(usage.InputTokens * 5_000 + usage.OutputTokens * 25_000, cost.TotalNanoUsd);
        var counted = (await fixture.StatusAsync()).Usage;
        Assert.Equal((1, cost.TotalNanoUsd), (counted.Completions, counted.Cost.TotalNanoUsd));
    }

    [Fact]
    public async Task So_does_one_that_the_caller_left()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Stall(6));
        using (var leave = new CancellationTokenSource())
        using (var call = fixture.OpenStream(cancellation: leave.Token))
        {
            await call.ReadTextAsync("You said “Hello”.");
            await leave.CancelAsync();
        }

        await ServerFixture.EventuallyAsync(async () => (await fixture.StatusAsync()).Usage.Completions == 1);
        var status = await fixture.StatusAsync();
        Assert.True(status.Usage.Cost.InputNanoUsd > 0);
        Assert.Equal((1, status.Usage), (status.ModelUsages.Count, status.ModelUsages[0].Usage));
    }

    [Fact]
    public void Every_price_of_the_table_follows_Anthropics_rules_for_writes()
    {
        Assert.Matches("^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", ListPrices.Table.Date);
        Assert.All(ListPrices.Table.Models.Values, price => Assert.Equal(
            (price.Input * 5 / 4, price.Input * 2), (price.CacheWrite5m, price.CacheWrite1h)));
        Assert.All(
            ListPrices.Table.Models.Values, price => Assert.True(price.CacheRead < price.Input && price.Input < price.Output));
    }

    private static long Sum(params Receipt[] receipts) => receipts.Sum(receipt => receipt.Cost.TotalNanoUsd);
}
