using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Pricing;

namespace ClawGrpc.Core.Tests.Pricing;

/// <summary>The cost of usage; expected amounts are computed by hand, in billionths of a dollar.</summary>
public class CostTests
{
    private static readonly Prices List = new(
        PriceTable.Read("""
            { "date": "2026-11-20", "models": {
              "opus": { "input": 5, "output": 25, "cacheWrite5m": 6.25, "cacheWrite1h": 10, "cacheRead": 0.50,
                "fast": { "input": 8, "output": 40, "cacheWrite5m": 10, "cacheWrite1h": 16 } },
              "sonnet": { "input": 3, "output": 15, "cacheWrite5m": 3.75, "cacheWrite1h": 6, "cacheRead": 0.30 },
              "haiku": { "input": 0.10, "output": 0.50, "cacheWrite5m": 0.125, "cacheWrite1h": 0.20, "cacheRead": 0.01,
                "longPrompt": { "aboveTokens": 100000, "input": 0.50, "output": 2.50,
                  "cacheWrite5m": 0.625, "cacheWrite1h": 1.00, "cacheRead": 0.05 } }
            } }
            """u8.ToArray()),
        ImmutableDictionary<string, ModelPrice>.Empty
            .Add("own", new ModelPrice("configuration", ModelPrice.PerToken(1), ModelPrice.PerToken(2)))
            .Add("sonnet", new ModelPrice("configuration", 0, 0) { CacheRead = 0 }));

    [Fact]
    public void Each_kind_of_token_has_its_own_price()
    {
        var cost = Of("""{"input_tokens":100,"output_tokens":10,"cache_creation_input_tokens":70,"cache_read_input_tokens":1000"""
            + ""","cache_creation":{"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":40}}""");
        Assert.Equal((500_000L, 250_000L, 187_500L, 400_000L, 500_000L),
            (cost.Input, cost.Output, cost.CacheWrite5m, cost.CacheWrite1h, cost.CacheRead));
        Assert.Equal(1_837_500, cost.Total);

        // Without a cache: 1,170 tokens of input at 5,000 and 10 of output, 6,100,000.
        Assert.Equal(6_100_000 - 1_837_500, cost.CacheSaved);
        Assert.Equal(("", "2026-11-20"), (cost.Unpriced, cost.Source));
    }

    [Fact]
    public void Cache_that_was_never_read_has_negative_savings() =>
        Assert.Equal(-(6_250 - 5_000) * 100, Of(
            """{"input_tokens":1,"output_tokens":1,"cache_creation_input_tokens":100,"cache_read_input_tokens":0}""").CacheSaved);

    [Theory]
    [InlineData(99_999, 1, 0, 100)]
    [InlineData(0, 0, 100_000, 10)]
    [InlineData(100_001, 0, 0, 500)]
    [InlineData(0, 1, 100_000, 50)]
    public void Long_prompt_has_another_price_as_a_whole(int input, int written, int read, int perToken)
    {
        var json = string.Create(CultureInfo.InvariantCulture, $$"""{"input_tokens":{{input}},"output_tokens":0"""
            + $$""","cache_creation_input_tokens":{{written}},"cache_read_input_tokens":{{read}}}""");
        var cost = Of(json, "haiku");
        Assert.Equal((long)perToken * Math.Max(input, read), read > 0 ? cost.CacheRead : cost.Input);
    }

    [Theory]
    [InlineData("\"inference_geo\":\"us\"", 5_500)]
    [InlineData("\"service_tier\":\"batch\"", 2_500)]
    [InlineData("\"service_tier\":\"batch\",\"inference_geo\":\"us\"", 2_750)]
    [InlineData("\"service_tier\":\"standard\",\"inference_geo\":\"not_available\",\"speed\":\"standard\"", 5_000)]
    [InlineData("\"service_tier\":null,\"inference_geo\":\"global\",\"speed\":null", 5_000)]
    [InlineData("\"speed\":\"fast\"", 8_000)]
    public void Terms_of_the_answer_change_the_price(string members, long expected) =>
        Assert.Equal((expected, ""), (Of($$"""{"input_tokens":1,"output_tokens":0,{{members}}}""").Total, Of(
            $$"""{"input_tokens":1,"output_tokens":0,{{members}}}""").Unpriced));

    [Theory]
    [InlineData("next", "", "no price for next", 0)]
    [InlineData("opus-20261231", "", "no price for opus-20261231", 0)]
    [InlineData("opus", "\"service_tier\":\"priority\"", "no price for service tier priority", 0)]
    [InlineData("opus", "\"inference_geo\":\"eu\"", "no price for inference in eu", 0)]
    [InlineData("haiku", "\"speed\":\"fast\"", "no price for haiku at speed fast", 0)]
    [InlineData("opus", "\"speed\":\"warp\"", "no price for speed warp", 0)]
    [InlineData(
        "opus", "\"server_tool_use\":{\"web_search_requests\":2,\"web_fetch_requests\":1}", "no price for 2 web searches", 5_000)]
    [InlineData("own", "\"cache_read_input_tokens\":7", "no price for cache reads of own", 1_000)]
    [InlineData("opus", "\"cache_read_input_tokens\":7,\"speed\":\"fast\"", "no price for cache reads of opus", 8_000)]
    public void Usage_without_a_price_is_named_and_not_guessed(string model, string members, string unpriced, long total)
    {
        var cost = Of($$"""{"input_tokens":1,"output_tokens":0{{(members.Length > 0 ? "," : "")}}{{members}}}""", model);
        Assert.Equal((unpriced, total), (cost.Unpriced, cost.Total));
    }

    [Theory]
    [InlineData(false, "\"cache_creation_input_tokens\":10", 62_500, 0, "")]
    [InlineData(
        true, "\"cache_creation_input_tokens\":10", 0, 0, "10 tokens written to the cache for a time that upstream did not say")]
    [InlineData(
        true,
        "\"cache_creation_input_tokens\":10,\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":7}",
        0,
        70_000,
        "3 tokens written to the cache for a time that upstream did not say")]
    [InlineData(
        true,
        "\"cache_creation_input_tokens\":10,\"cache_creation\":{\"ephemeral_5m_input_tokens\":3,\"ephemeral_1h_input_tokens\":7}",
        18_750,
        70_000,
        "")]
    [InlineData(false, "\"cache_creation_input_tokens\":10,\"cache_creation\":{\"ephemeral_5m_input_tokens\":3}", 62_500, 0, "")]
    public void Writes_of_unknown_retention_are_priced_only_if_unambiguous(
        bool asksOneHour, string members, long fiveMinutes, long oneHour, string unpriced)
    {
        var cost = Of($$"""{"input_tokens":0,"output_tokens":0,{{members}}}""", asksOneHour: asksOneHour);
        Assert.Equal((fiveMinutes, oneHour, unpriced), (cost.CacheWrite5m, cost.CacheWrite1h, cost.Unpriced));
    }

    [Fact]
    public void Each_turn_of_an_answer_is_priced_at_its_own_model()
    {
        // The counters at the top omit the advisor's turn.
        var cost = Of("""
            {"input_tokens":2411,"output_tokens":145,"iterations":[
              {"type":"message","input_tokens":1128,"output_tokens":135},
              {"type":"advisor_message","model":"haiku","input_tokens":2543,"output_tokens":18},
              {"type":"message","input_tokens":1283,"output_tokens":10,"cache_creation":null}]}
            """);
        Assert.Equal((2411 * 5_000L + 2543 * 100, 145 * 25_000L + 18 * 500), (cost.Input, cost.Output));
        Assert.Equal("no price for next", Of(
            """{"iterations":[{"input_tokens":1,"output_tokens":0},{"model":"next","input_tokens":1}]}""").Unpriced);
    }

    [Fact]
    public void Configured_price_wins_for_model_and_dated_snapshot()
    {
        Assert.Equal((0L, "configuration"),
            (Of("""{"input_tokens":9,"output_tokens":9}""", "sonnet").Total, Of("""{"input_tokens":9}""", "sonnet").Source));
        Assert.Equal((9_000L, "configuration"), (Of(
            """{"input_tokens":9}""", "own-20261120", "own").Total, Of("""{"input_tokens":9}""", "own-20261120", "own").Source));
        Assert.Equal("no price for own-2", Of("""{"input_tokens":9}""", "own-2", "own").Unpriced);
        Assert.Equal("no price for next", Of("""{"input_tokens":9}""", "next", "own").Unpriced);
    }

    [Fact]
    public void Write_prices_follow_the_rules_unless_configured()
    {
        var price = new ModelPrice("configuration", ModelPrice.PerToken(3), ModelPrice.PerToken(15));
        Assert.Equal((3_750_000L, 6_000_000L, (long?)null), (price.CacheWrite5m, price.CacheWrite1h, price.CacheRead));
    }

    [Fact]
    public void Sums_of_odd_prices_do_not_drift()
    {
        // A third of a cent per million, which a double cannot hold exactly.
        var prices = new Prices(new PriceTable("d", []), ImmutableDictionary<string, ModelPrice>.Empty.Add(
            "odd", new ModelPrice("c", ModelPrice.PerToken(0.003333m), 0)));
        var usage = UsageCount.Read("""{"input_tokens":1000000}"""u8.ToArray());
        Assert.Equal(3_333_000_000, Enumerable.Repeat(0, 1000).Sum(_ => Cost.Of(usage, "odd", "odd", false, prices).Total));
        Assert.Equal(long.MaxValue / 1_000_000 / 1_000_000 * 25_000, Of(
            $$"""{"output_tokens":{{long.MaxValue / 1_000_000 / 1_000_000}}}""").Total);
    }

    private static Cost Of(string usage, string model = "opus", string? asked = null, bool asksOneHour = false) =>
        Cost.Of(UsageCount.Read(Encoding.UTF8.GetBytes(usage)), model, asked ?? model, asksOneHour, List);
}
