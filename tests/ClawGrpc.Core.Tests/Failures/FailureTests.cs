using System.Text;
using ClawGrpc.Core.Failures;

namespace ClawGrpc.Core.Tests.Failures;

/// <summary>One line for each row of the failure table and for each text that arrives under a status that says something else.</summary>
public class FailureTests
{
    private static readonly DateTimeOffset Now = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<int, string, FailureKind> Answers => new()
    {
        { 429, Envelope("rate_limit_error", "This request would exceed your account's rate limit. Please try again later."), FailureKind.RateLimited },
        { 529, Envelope("overloaded_error", "Overloaded"), FailureKind.Overloaded },
        { 503, "<html><body>Service Unavailable</body></html>", FailureKind.Overloaded },
        { 500, Envelope("overloaded_error", "Overloaded"), FailureKind.Overloaded },
        { 500, Envelope("api_error", "Internal server error"), FailureKind.ServerError },
        { 502, "", FailureKind.ServerError },
        { 504, Envelope("timeout_error", "Timed out"), FailureKind.ServerError },
        { 408, "", FailureKind.ServerError },
        { 409, Envelope("conflict_error", "Conflict"), FailureKind.ServerError },
        { 302, "", FailureKind.ServerError },
        { 402, Envelope("billing_error", "Pay"), FailureKind.Billing },
        { 400, Envelope("invalid_request_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."), FailureKind.Billing },
        { 400, Envelope("invalid_request_error", "You have reached your specified API usage limits. You will regain access on 2026-03-01."), FailureKind.Billing },
        { 400, Envelope("invalid_request_error", "Third-party apps now draw from your extra usage, not your plan limits."), FailureKind.Billing },
        { 403, Envelope("permission_error", "insufficient credits"), FailureKind.Billing },
        { 429, Envelope("rate_limit_error", "This request would exceed your account's monthly spend limit. Please try again later."), FailureKind.Billing },
        { 429, """{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}""", FailureKind.Billing },
        { 401, Envelope("authentication_error", "invalid x-api-key"), FailureKind.CredentialRejected },
        { 403, Envelope("permission_error", "OAuth token has been revoked. Please obtain a new token."), FailureKind.CredentialRejected },
        { 403, Envelope("permission_error", "OAuth authentication is currently not allowed for this organization."), FailureKind.CredentialRejected },
        { 400, Envelope("invalid_request_error", "This credential is only authorized for use with Claude Code and cannot be used for other API requests."), FailureKind.CredentialRejected },
        { 403, Envelope("permission_error", "This API key has been disabled."), FailureKind.CredentialRejected },
        { 403, Envelope("permission_error", "Your API key does not have permission to use the specified resource."), FailureKind.RequestRejected },
        { 403, Envelope("permission_error", "Your organization does not have access to this model."), FailureKind.RequestRejected },
        { 403, """{"error":{"type":"forbidden","message":"Request not allowed"}}""", FailureKind.RequestRejected },
        { 400, Envelope("invalid_request_error", "messages: at least one message is required"), FailureKind.RequestRejected },
        { 404, Envelope("not_found_error", "model: claude-none"), FailureKind.RequestRejected },
        { 413, "<html>413 Request Entity Too Large</html>", FailureKind.RequestRejected },
        { 422, "", FailureKind.RequestRejected },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void An_answer_means_what_the_table_says(int status, string body, FailureKind kind) =>
        Assert.Equal(kind, Of(status, body).Kind);

    [Theory]
    [InlineData("five_hour", "anthropic-ratelimit-unified-5h-reset", SetsAside.Profile)]
    [InlineData("seven_day", "anthropic-ratelimit-unified-7d-reset", SetsAside.Profile)]
    [InlineData("seven_day_opus", "anthropic-ratelimit-unified-reset", SetsAside.Route)]
    [InlineData("overage", "anthropic-ratelimit-unified-overage-reset", SetsAside.Route)]
    public void A_rejected_window_of_the_plan_sets_aside_until_its_reset_what_it_is_of(string claim, string resetHeader, SetsAside scope)
    {
        var reset = Now.AddHours(33.7);
        var failure = Of(429, Envelope("rate_limit_error", "limit"),
            ("anthropic-ratelimit-unified-status", "rejected"),
            ("anthropic-ratelimit-unified-representative-claim", claim),
            (resetHeader, $"{reset.ToUnixTimeSeconds()}"),
            ("retry-after", "13262"));
        Assert.Equal(FailureKind.PlanExhausted, failure.Kind);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(reset.ToUnixTimeSeconds()), failure.Until);
        Assert.Equal(scope, failure.SetsAside);
        Assert.Equal(claim, failure.Claim);
    }

    [Theory]
    [InlineData("retry-after", "30", 30)]
    [InlineData("retry-after", "0.5", 0.5)]
    [InlineData("retry-after", "Sun, 08 Feb 2026 12:01:00 GMT", 60)]
    [InlineData("retry-after-ms", "1500", 1.5)]
    public void Retry_after_is_read_in_each_of_its_forms(string name, string value, double seconds) =>
        Assert.Equal(Now.AddSeconds(seconds), Of(429, "", (name, value)).Until);

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("soon")]
    [InlineData("NaN")]
    [InlineData("99999999999")]
    [InlineData("Sun, 08 Feb 2026 11:00:00 GMT")]
    public void A_retry_after_that_says_nothing_is_as_none(string value) => Assert.Null(Of(429, "", ("retry-after", value)).Until);

    [Fact]
    public void An_empty_window_holds_longer_than_retry_after()
    {
        var failure = Of(429, "", ("retry-after", "5"), ("anthropic-ratelimit-tokens-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", "2026-02-08T12:00:40Z"), ("anthropic-ratelimit-requests-remaining", "10"),
            ("anthropic-ratelimit-requests-reset", "2026-02-08T13:00:00Z"));
        Assert.Equal(Now.AddSeconds(40), failure.Until);
    }

    [Theory]
    [InlineData("overloaded_error", FailureKind.Overloaded)]
    [InlineData("rate_limit_error", FailureKind.RateLimited)]
    [InlineData("api_error", FailureKind.ServerError)]
    [InlineData("authentication_error", FailureKind.CredentialRejected)]
    [InlineData("invalid_request_error", FailureKind.RequestRejected)]
    [InlineData("something_new", FailureKind.ServerError)]
    [InlineData(null, FailureKind.ServerError)]
    public void An_error_inside_a_stream_is_told_by_its_type(string? type, FailureKind kind) =>
        Assert.Equal(kind, Failure.OfEvent(type, "words", "req_1").Kind);

    [Fact]
    public void The_facts_of_an_answer_are_kept()
    {
        var failure = Of(401, """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},"request_id":"req_body"}""",
            ("x-should-retry", "false"));
        Assert.Equal("invalid x-api-key", failure.Message);
        Assert.Equal("authentication_error", failure.ErrorType);
        Assert.Equal("req_body", failure.RequestId);
        Assert.Equal(401, failure.Status);
        Assert.True(failure.ForbidsRepeat);
    }

    [Fact]
    public void Every_kind_has_its_row() =>
        Assert.All(Enum.GetValues<FailureKind>(), kind => Assert.Equal(kind, FailureTable.RowOf(kind).Kind));

    [Fact]
    public void A_failure_that_ends_the_call_sets_nothing_aside() =>
        Assert.All(FailureTable.Rows.Where(row => !row.TriesNext), row => Assert.Equal(SetsAside.Nothing, row.SetsAside));

    private static string Envelope(string type, string message) => $$$"""{"type":"error","error":{"type":"{{{type}}}","message":"{{{message}}}"}}""";

    [Theory]
    [InlineData("\"half \\ud800 pair\"", "half \uFFFD pair")]
    [InlineData("\"no \u00FF text\"", "no \uFFFD text")]
    [InlineData("7", null)]
    public void A_message_that_is_no_text_is_told_as_far_as_it_is_one(string json, string? told)
    {
        var body = Encoding.Latin1.GetBytes("{\"error\":{\"type\":\"api_error\",\"message\":" + json + "}}");
        Assert.Equal(new ErrorEnvelope("api_error", told, null, null), ErrorEnvelope.Read(body));
    }

    private static UpstreamFailure Of(int status, string body, params (string Name, string Value)[] headers) => Failure.OfAnswer(
        status, AnswerHeaders.Of(headers.Select(header => KeyValuePair.Create(header.Name, header.Value))), Encoding.UTF8.GetBytes(body), Now);
}
