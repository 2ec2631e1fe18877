using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>What a status adds up, and what it takes from the last answer alone.</summary>
public class LedgerTests
{
    [Fact]
    public async Task Every_count_and_amount_of_receipts_is_in_the_sums()
    {
        await using var fixture = await ServerFixture.StartAsync(sandbox: new SandboxOptions { MinimumCacheableTokens = 1 });
        await fixture.OnboardAsync();
        var receipts = new List<Receipt>();
        foreach (var retention in new[] { CacheRetention.Long, CacheRetention.Short, CacheRetention.None })
        {
            // The first writes the cache, the second reads it.
            var input = Prompts.Input($"Remember this for {retention}. {new string('x', 4_000)}", input =>
                input.CacheRetention = retention);
            receipts.Add((await fixture.StreamAsync(input)).Served);
            receipts.Add((await fixture.CompleteAsync(input)).Served);
        }

        var (usage, cost) = (Sum(receipts.Select(receipt => receipt.Usage)), Sum(receipts.Select(receipt => receipt.Cost)));
        Assert.All(
            [cost.InputNanoUsd, cost.OutputNanoUsd, cost.CacheReadNanoUsd, cost.CacheWrite5MNanoUsd, cost.CacheWrite1HNanoUsd],
            amount => Assert.True(amount > 0));
        Assert.NotEqual(0, cost.CacheSavedNanoUsd);
        var status = await fixture.StatusAsync();
        Assert.All([status.Usage, status.Auth.Profiles.Single().Usage, status.ModelUsages.Single().Usage], sum =>
        {
            Assert.Equal((6, 0), (sum.Completions, sum.UnpricedCompletions));
            Assert.Equal(usage, sum.Usage);
            Assert.Equal(cost, sum.Cost);
        });
    }

    [Fact]
    public async Task Usage_lines_are_bounded_and_sums_are_not()
    {
        var models = Enumerable.Range(0, 205).Select(model => $"claude-{model:000}").ToList();
        await using var fixture = await ServerFixture.StartAsync(sandbox: new SandboxOptions { ExtraModels = models });
        await fixture.OnboardAsync();
        foreach (var model in models.Take(200).Append(models[2]).Concat(models.Skip(200)))
            await fixture.StreamAsync(Prompts.Input(with: input => input.Model = model));
        var status = await fixture.StatusAsync();
        Assert.Equal(206, status.Usage.Completions);
        Assert.Equal(206, status.Auth.Profiles.Single().Usage.Completions);

        // Those that were used longest ago are forgotten.
        Assert.Equal(
            [models[2], .. models.Skip(6)], status.ModelUsages.Select(used => used.Model["anthropic/".Length..]));
    }

    [Fact]
    public async Task Rate_limits_are_those_of_the_last_answer()
    {
        await using var fixture = await WithTwoKeysAsync();
        await fixture.StreamAsync();
        Assert.Equal((3999, fixture.Time.GetUtcNow()), await RequestsAsync(fixture, One));

        fixture.Time.Advance(TimeSpan.FromSeconds(10));
        fixture.Sandbox.Script(new Fault
        {
            Status = new() { Code = 429, Headers = new() { ["anthropic-ratelimit-requests-remaining"] = "0" } },
        });
        await fixture.StreamAsync();
        var failed = fixture.Time.GetUtcNow();
        Assert.Equal((0, failed), await RequestsAsync(fixture, One));
        Assert.Equal((3999, failed), await RequestsAsync(fixture, Two));

        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(One, (await fixture.CompleteAsync()).Served.ProfileId);
        Assert.Equal((3999, fixture.Time.GetUtcNow()), await RequestsAsync(fixture, One));
        Assert.Equal((3999, failed), await RequestsAsync(fixture, Two));
    }

    [Fact]
    public async Task Used_up_window_is_shown_until_an_answer_says_otherwise()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardTokenAsync();
        await fixture.StreamAsync();
        Assert.Equal(("allowed", 0), await FiveHoursAsync(fixture));
        var reset = fixture.Time.GetUtcNow().AddMinutes(30);
        fixture.Sandbox.Script(Faults.PlanExhausted(reset));
        await fixture.StreamAsync();
        Assert.Equal(("rejected", 1.02), await FiveHoursAsync(fixture));
        fixture.Time.Advance(TimeSpan.FromMinutes(31));
        await fixture.StreamAsync();
        Assert.Equal(("allowed", 0), await FiveHoursAsync(fixture));
    }

    private static async Task<(long Remaining, DateTimeOffset Seen)> RequestsAsync(ServerFixture fixture, string profile)
    {
        var window = await WindowAsync(fixture, profile, "requests");
        return (window.Remaining, window.SeenTime.ToDateTimeOffset());
    }

    private static async Task<(string State, double Utilization)> FiveHoursAsync(ServerFixture fixture)
    {
        var window = await WindowAsync(fixture, One, "unified-5h");
        return (window.State, window.Utilization);
    }

    private static async Task<RateLimitWindow> WindowAsync(ServerFixture fixture, string profile, string window) =>
        (await fixture.StatusAsync()).Auth.Profiles.Single(each => each.ProfileId == profile).RateLimits
            .Single(each => each.Name.EndsWith(window, StringComparison.Ordinal));

    private static Usage Sum(IEnumerable<Usage> usages) => usages.Aggregate(
        new Usage { CacheCreation5MInputTokens = 0, CacheCreation1HInputTokens = 0 }, (sum, usage) => new()
        {
            InputTokens = sum.InputTokens + usage.InputTokens,
            OutputTokens = sum.OutputTokens + usage.OutputTokens,
            CacheCreationInputTokens = sum.CacheCreationInputTokens + usage.CacheCreationInputTokens,
            CacheReadInputTokens = sum.CacheReadInputTokens + usage.CacheReadInputTokens,
            CacheCreation5MInputTokens = sum.CacheCreation5MInputTokens + usage.CacheCreation5MInputTokens,
            CacheCreation1HInputTokens = sum.CacheCreation1HInputTokens + usage.CacheCreation1HInputTokens,
        });

    private static Cost Sum(IEnumerable<Cost> costs) => costs.Aggregate(new Cost(), (sum, cost) => new()
    {
        TotalNanoUsd = sum.TotalNanoUsd + cost.TotalNanoUsd,
        InputNanoUsd = sum.InputNanoUsd + cost.InputNanoUsd,
        OutputNanoUsd = sum.OutputNanoUsd + cost.OutputNanoUsd,
        CacheWrite5MNanoUsd = sum.CacheWrite5MNanoUsd + cost.CacheWrite5MNanoUsd,
        CacheWrite1HNanoUsd = sum.CacheWrite1HNanoUsd + cost.CacheWrite1HNanoUsd,
        CacheReadNanoUsd = sum.CacheReadNanoUsd + cost.CacheReadNanoUsd,
        CacheSavedNanoUsd = sum.CacheSavedNanoUsd + cost.CacheSavedNanoUsd,
    });
}
