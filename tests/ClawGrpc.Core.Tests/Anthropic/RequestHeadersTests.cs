using System.Collections.Immutable;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Core.Tests.Anthropic;

public class RequestHeadersTests
{
    private const string Key = "sk-ant-api03-FAKE-0123456789-abcdefgh";
    private const string Token = "sk-ant-oat01-FAKE-0123456789-abcdefgh";

    private static readonly RequestHeaderInput Input = new() { Credential = new Secret(Key), ProductVersion = "1.2.3" };

    [Fact]
    public void Api_key_is_sent_as_x_api_key()
    {
        Assert.Equal(
            [$"x-api-key: {Key}", "anthropic-version: 2023-06-01", "content-type: application/json", "accept: application/json",
                "user-agent: ClawGrpc/1.2.3"],
            Sent(Input));
    }

    [Fact]
    public void Setup_token_is_sent_as_bearer_with_its_beta()
    {
        Assert.Equal(
            [
                $"authorization: Bearer {Token}", "anthropic-version: 2026-10-21", "anthropic-beta: oauth-2025-04-20",
                    "content-type: application/json",
                "accept: text/event-stream", "user-agent: ClawGrpc/1.2.3",
            ],
            Sent(Input with { Credential = new Secret($" {Token}\n"), AnthropicVersion = "2026-10-21", Stream = true }));
    }

    [Theory]
    [InlineData(false, false, false, BetaUse.WhenNeeded, "")]
    [InlineData(false, false, true, BetaUse.WhenNeeded, "extended-cache-ttl-2025-04-11")]
    [InlineData(false, false, false, BetaUse.Always, "extended-cache-ttl-2025-04-11")]
    [InlineData(false, false, true, BetaUse.Never, "")]
    [InlineData(true, false, true, BetaUse.WhenNeeded, "oauth-2025-04-20")]
    [InlineData(true, false, true, BetaUse.Always, "oauth-2025-04-20")]
    [InlineData(true, true, true, BetaUse.WhenNeeded, "oauth-2025-04-20,extended-cache-ttl-2025-04-11")]
    [InlineData(true, true, false, BetaUse.WhenNeeded, "oauth-2025-04-20")]
    internal void Cache_beta_is_sent_when_due(
        bool subscription, bool applies, bool hour, BetaUse use, string expected)
    {
        var input = Input with
        {
            Credential = new Secret(subscription ? Token : Key),
            HasOneHour = hour,
            ExtendedCacheTtl = use,
            Cache = new CacheSettings { IsSubscription = subscription, CacheOnSubscription = applies },
        };
        Assert.Equal(expected, Value(input, "anthropic-beta"));
    }

    [Fact]
    public void Betas_are_a_set_that_nothing_overwrites()
    {
        var input = Input with
        {
            Credential = new Secret(Token),
            Betas = ["b", "a", "c, d"],
            Configured = Configured(("Anthropic-Beta", "x,a ,, x"), ("anthropic-beta", "y")),
        };
        Assert.Equal("x,a,y,b,c,d,oauth-2025-04-20", Value(input, "anthropic-beta"));
        Assert.Single(RequestHeaders.Build(input), header => header.Name == "anthropic-beta");
    }

    [Fact]
    public void Configured_headers_never_replace_the_credential()
    {
        var sent = Sent(Input with
        {
            Configured = Configured(
                ("User-Agent", "own/1"), ("X-Team", " blue "), ("x-team", "green"), ("Authorization", "Bearer other"),
                    ("X-API-KEY", "other"),
                ("Host", "elsewhere"), ("content-length", "0"), ("Accept-Encoding", "gzip"), ("anthropic-version", "1999-01-01"),
                ("bad name", "x"), ("x-bad", "line\r\nbreak"), ("x-é", "x"), ("", "x")),
        });
        Assert.Equal(
            [
                $"x-api-key: {Key}", "anthropic-version: 2023-06-01", "content-type: application/json",
                    "accept: application/json",
                "user-agent: own/1", "x-team: green",
            ],
            sent);
    }

    [Fact]
    public void Shown_headers_hold_no_secret()
    {
        var input = Input with
        {
            Credential = new Secret(
            Token),
            Configured = Configured(
                ("X-Gateway-Token", "very-secret-value-012345"), ("X-Team", "blue"), ("X-Tenant", "Bearer tenant-of-mine"),
                ("User-Agent", "own-program/with-a-license-7"))
        };
        var headers = RequestHeaders.Build(input);
        Assert.Equal(
            ["Bearer sk-ant-o...abcdefgh", "2023-06-01", "oauth-2025-04-20", "application/json", "application/json",
                "own-prog...icense-7", "very-sec...e-012345", "...", "Bearer ..."],
            headers.Select(header => header.Shown));
        Assert.DoesNotContain("FAKE", string.Join('\n', headers) + input, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("extended-cache-ttl-2025-04-11", true)]
    [InlineData("", false)]
    [InlineData("a,b", false)]
    [InlineData("a b", false)]
    [InlineData("a\nb", false)]
    [InlineData("é", false)]
    public void Beta_with_spaces_or_commas_is_refused(string value, bool taken) =>
        Assert.Equal(taken, AnthropicBeta.Refusal(value) is null);

    private static ImmutableArray<KeyValuePair<string, string>> Configured(params (string Name, string Value)[] headers) =>
        [.. headers.Select(header => KeyValuePair.Create(header.Name, header.Value))];

    private static List<string> Sent(RequestHeaderInput input) =>
        [.. RequestHeaders.Build(input).Select(header => $"{header.Name}: {header.Value.Reveal()}")];

    private static string Value(RequestHeaderInput input, string name) =>
        RequestHeaders.Build(input).FirstOrDefault(header => header.Name == name)?.Value.Reveal() ?? "";
}
