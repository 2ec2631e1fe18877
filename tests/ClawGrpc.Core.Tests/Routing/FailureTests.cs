using System.Text;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Core.Tests.Routing;

/// <summary>
/// One case for each row of the failure table, and for each text that contradicts its status.
/// </summary>
public class FailureTests
{
    private static readonly DateTimeOffset Now = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);

    public static IEnumerable<object[]> Answers => new TheoryData<int, string, FailureKind>
    {
        { 429, Envelope("rate_limit_error", "This request would exceed your account's rate limit. Please try again later."),
            FailureKind.RateLimited },
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
        { 400, Envelope("invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."), FailureKind.Billing },
        { 400, Envelope("invalid_request_error",
            "You have reached your specified API usage limits. You will regain access on 2026-03-01."), FailureKind.Billing },
        { 400, Envelope("invalid_request_error", "Third-party apps now draw from your extra usage, not your plan limits."),
            FailureKind.Billing },
        { 403, Envelope("permission_error", "insufficient credits"), FailureKind.Billing },
        { 429, Envelope("rate_limit_error",
            "This request would exceed your account's monthly spend limit. Please try again later."), FailureKind.Billing },
        { 429, Envelope("rate_limit_error", "Usage credits are required for long context requests."),
            FailureKind.RequestTooCostly },
        { 400, Envelope("invalid_request_error", "You have reached your workspace API usage limits."), FailureKind.Billing },
        { 400, Envelope("billing_error", "Something about money"), FailureKind.Billing },
        { 429, """{"error":{"type":"rate_limit_error","message":"x","details":{"error_code":"ramp_limit_exceeded"}}}""",
            FailureKind.RateLimited },
        { 401, Envelope("authentication_error", "invalid x-api-key"), FailureKind.CredentialRejected },
        { 403, Envelope(
            "permission_error", "OAuth token has been revoked. Please obtain a new token."), FailureKind.CredentialRejected },
        { 403, Envelope("permission_error", "OAuth authentication is currently not allowed for this organization."),
            FailureKind.CredentialRejected },
        {
            400,
            Envelope(
                "invalid_request_error",
                "This credential is only authorized for use with Claude Code and cannot be used for other API requests."),
            FailureKind.CredentialRejected
        },
        { 403, Envelope("permission_error", "This API key has been disabled."), FailureKind.CredentialRejected },
        { 403, Envelope("permission_error", "OAuth token does not meet scope requirement any_of(user:inference)"),
            FailureKind.CredentialRejected },
        { 403, Envelope("permission_error", "Invalid bearer token"), FailureKind.CredentialRejected },
        { 403, Envelope("permission_error", "Your API key does not have permission to use the specified resource."),
            FailureKind.NotPermitted },
        { 403, Envelope(
            "permission_error", "Your organization does not have access to this model."), FailureKind.NotPermitted },
        { 403, """{"error":{"type":"forbidden","message":"Request not allowed"}}""", FailureKind.NotPermitted },
        { 403, "<html>Forbidden</html>", FailureKind.NotPermitted },
        { 400, """{"error":{"type":"invalid_request_error","message":"x","details":{"error_code":"organization_on_hold"}}}""",
            FailureKind.AccountRefused },
        { 400, Envelope("invalid_request_error", "messages: at least one message is required"), FailureKind.RequestRejected },
        { 404, Envelope("not_found_error", "model: claude-none"), FailureKind.ModelNotFound },
        { 404, Envelope("not_found_error", "Not found"), FailureKind.RequestRejected },
        { 413, "<html>413 Request Entity Too Large</html>", FailureKind.RequestRejected },
        { 422, "", FailureKind.RequestRejected },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    internal void Answer_is_classified_by_the_table(int status, string body, FailureKind kind) =>
        Assert.Equal(kind, Of(status, body).Kind);

    // anthropic-api.md, section 4: the codes of an exhausted spend limit, with any status.
    [Theory]
    [InlineData("enforced_spend_limit_reached")]
    [InlineData("contract_spend_limit_reached")]
    [InlineData("linked_organization_billing_unavailable")]
    [InlineData("linked_organization_spend_limit_reached")]
    public void Spending_error_code_is_billing_with_any_message(string code)
    {
        var body = $$$$"""{"type":"error","error":{"type":"some_error","message":"x","details":{"error_code":"{{{{code}}}}"}}}""";
        Assert.All([400, 402, 403, 429], status => Assert.Equal(
            (FailureKind.Billing, code), (Of(status, body).Kind, Of(status, body).ErrorCode)));
    }

    [Theory]
    [InlineData("five_hour", "anthropic-ratelimit-unified-5h-reset", SetsAside.Profile)]
    [InlineData("seven_day", "anthropic-ratelimit-unified-7d-reset", SetsAside.Profile)]
    [InlineData("seven_day_opus", "anthropic-ratelimit-unified-reset", SetsAside.Route)]
    [InlineData("seven_day_overage_included", "anthropic-ratelimit-unified-7d_oi-reset", SetsAside.Route)]
    [InlineData("overage", "anthropic-ratelimit-unified-overage-reset", SetsAside.Route)]
    internal void Rejected_plan_window_sets_its_scope_aside_until_its_reset(string claim, string resetHeader, SetsAside scope)
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

    [Fact]
    public void Reset_of_the_rejected_window_counts_first()
    {
        Assert.Equal(Now.AddHours(5), Rejected(("5h-reset", 5), ("reset", 9), ("7d-reset", 99)).Until);
        Assert.Equal(Now.AddHours(9), Rejected(("reset", 9), ("7d-reset", 99)).Until);
        Assert.Equal(Now.AddSeconds(13262), Rejected(("7d-reset", 99)).Until);
    }

    // Resets are whole seconds, and clocks differ.
    [Fact]
    public void Reset_in_the_past_is_ignored()
    {
        Assert.Equal(Now.AddHours(9), Rejected(("5h-reset", -1), ("reset", 9)).Until);
        Assert.Equal(Now.AddSeconds(13262), Rejected(("5h-reset", 0), ("reset", 0)).Until);
    }

    [Theory]
    [InlineData("retry-after", "30", 30)]
    [InlineData("retry-after", "0.5", 0.5)]
    [InlineData("retry-after", "Sun, 08 Feb 2026 12:01:00 GMT", 60)]
    [InlineData("Retry-After", "2147483647", int.MaxValue)]
    [InlineData("retry-after-ms", "1500", 1.5)]
    public void Retry_after_is_read_in_each_of_its_forms(string name, string value, double seconds) =>
        Assert.Equal(Now.AddSeconds(seconds), Of(429, "", (name, value)).Until);

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("soon")]
    [InlineData("NaN")]
    [InlineData("2147483648")]
    [InlineData("99999999999")]
    [InlineData("Sun, 08 Feb 2026 11:00:00 GMT")]
    [InlineData("Sun, 08 Feb 2026 12:00:00 GMT")]
    public void Invalid_retry_after_is_ignored(string value) =>
        Assert.Null(Of(429, "", ("retry-after", value)).Until);

    [Fact]
    public void Milliseconds_are_more_exact_than_seconds() =>
        Assert.Equal(Now.AddSeconds(1.5), Of(429, "", ("retry-after", "2"), ("retry-after-ms", "1500")).Until);

    // Like the official SDK: a header without a wait yields to the other one.
    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("soon")]
    [InlineData("1e300")]
    public void Retry_after_ms_without_a_wait_yields_to_retry_after(string milliseconds)
    {
        Assert.Equal(Now.AddSeconds(30), Of(429, "", ("retry-after-ms", milliseconds), ("retry-after", "30")).Until);
        Assert.Null(Of(429, "", ("retry-after-ms", milliseconds)).Until);
    }

    [Fact]
    public void Reset_of_an_empty_window_outlasts_retry_after()
    {
        var failure = Of(429, "", ("retry-after", "5"), ("anthropic-ratelimit-tokens-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", "2026-02-08T12:00:40Z"), ("anthropic-ratelimit-requests-remaining", "10"),
            ("anthropic-ratelimit-requests-reset", "2026-02-08T13:00:00Z"));
        Assert.Equal(Now.AddSeconds(40), failure.Until);
    }

    [Theory]
    [InlineData("requests")]
    [InlineData("tokens")]
    [InlineData("input-tokens")]
    [InlineData("output-tokens")]
    public void Each_window_that_is_empty_holds_until_its_reset(string window)
    {
        Assert.Equal(Now.AddSeconds(40), Until("0", "2026-02-08T12:00:40Z"));
        Assert.Equal(Now.AddSeconds(40), Until("0", "2026-02-08T13:00:40+01:00"));
        Assert.Null(Until("1", "2026-02-08T12:00:40Z"));
        Assert.Null(Until("0", "2026-02-08T12:00:00Z"));
        Assert.Null(Until("0", "soon"));

        DateTimeOffset? Until(string remaining, string reset) => Of(429, "",
            ($"anthropic-ratelimit-{window}-remaining", remaining), ($"anthropic-ratelimit-{window}-reset", reset)).Until;
    }

    [Theory]
    [InlineData(40, 20, 5, 40)]
    [InlineData(20, 40, 5, 40)]
    [InlineData(20, 20, 60, 60)]
    public void Latest_stated_end_of_a_rate_limit_holds(
        int requests, int tokens, int retryAfter, int seconds) =>
        Assert.Equal(Now.AddSeconds(seconds), Of(429, "", ("retry-after", $"{retryAfter}"),
            ("anthropic-ratelimit-requests-remaining", "0"),
                ("anthropic-ratelimit-requests-reset", $"{Now.AddSeconds(requests):o}"),
            ("anthropic-ratelimit-tokens-remaining", "0"),
                ("anthropic-ratelimit-tokens-reset", $"{Now.AddSeconds(tokens):o}")).Until);

    // anthropic-api.md, section 2.3. The files write "never" as a time in the last second of the calendar.
    [Theory]
    [InlineData("2026-02-08T12:00:00Z", "2026-02-08T12:00:00.0000000+00:00")]
    [InlineData("2026-02-08T12:00:00", "2026-02-08T12:00:00.0000000+00:00")]
    [InlineData("1770552000", "2026-02-08T12:00:00.0000000+00:00")]
    [InlineData("1", "1970-01-01T00:00:01.0000000+00:00")]
    [InlineData("253402300798", "9999-12-31T23:59:58.0000000+00:00")]
    [InlineData("253402300799", null)]
    [InlineData("1e300", null)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("NaN", null)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public void Header_time_is_a_date_or_unix_seconds(string? text, string? time) =>
        Assert.Equal(time, AnswerHeaders.Time(text)?.ToString("o"));

    [Theory]
    [InlineData("overloaded_error", FailureKind.Overloaded)]
    [InlineData("rate_limit_error", FailureKind.RateLimited)]
    [InlineData("api_error", FailureKind.ServerError)]
    [InlineData("timeout_error", FailureKind.ServerError)]
    [InlineData("authentication_error", FailureKind.CredentialRejected)]
    [InlineData("billing_error", FailureKind.Billing)]
    [InlineData("permission_error", FailureKind.NotPermitted)]
    [InlineData("not_found_error", FailureKind.RequestRejected)]
    [InlineData("request_too_large", FailureKind.RequestRejected)]
    [InlineData("invalid_request_error", FailureKind.RequestRejected)]
    [InlineData("something_new", FailureKind.ServerError)]
    [InlineData(null, FailureKind.ServerError)]
    internal void Error_inside_a_stream_is_classified_by_its_type(string? type, FailureKind kind) =>
        Assert.Equal(
            new UpstreamFailure(
                kind, "words")
            { Status = 200, ErrorType = type, RequestId = "req_1" }, Failure.OfEvent(type, "words", "req_1"));

    [Fact]
    public void Message_texts_are_classified_inside_a_stream_too()
    {
        Assert.Equal(FailureKind.Billing, Failure.OfEvent("invalid_request_error", "Your credit balance is too low.", null).Kind);
        Assert.Equal(
            FailureKind.CredentialRejected, Failure.OfEvent("permission_error", "OAuth token has been revoked.", null).Kind);
    }

    [Fact]
    public void Facts_of_an_answer_are_kept()
    {
        var failure = Of(401,
            """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},"request_id":"req_body"}""",
            ("x-should-retry", "false"));
        Assert.Equal("invalid x-api-key", failure.Message);
        Assert.Equal("authentication_error", failure.ErrorType);
        Assert.Equal("req_body", failure.RequestId);
        Assert.Equal(401, failure.Status);
        Assert.True(failure.ForbidsRepeat);
    }

    [Fact]
    public void Upstreams_name_of_an_answer_is_its_headers_before_its_bodys()
    {
        const string Body = """{"request_id":"req_body"}""";
        Assert.Equal("req_header", Of(500, Body, ("Request-Id", "req_header")).RequestId);
        Assert.Equal("req_body", Of(500, Body).RequestId);
        Assert.Null(Of(500, "").RequestId);
    }

    [Fact]
    public void Failure_without_a_message_has_a_default_one()
    {
        Assert.Equal("HTTP 502 without a message", Of(502, "").Message);
        Assert.Equal("HTTP 529 without a message", Of(529, """{"error":{"type":"overloaded_error"}}""").Message);
        Assert.Equal("The stream failed without a message", Failure.OfEvent("api_error", null, null).Message);
    }

    // anthropic-api.md, section 4: gateways answer with HTML, an empty body, or an envelope of their own.
    [Theory]
    [InlineData("", null, null)]
    [InlineData(" \r\n", null, null)]
    [InlineData("upstream connect error\n", null, "upstream connect error")]
    [InlineData("<html>Bad Gateway</html>", null, "<html>Bad Gateway</html>")]
    [InlineData("""{"error":{"type":"api_error","mess""", "api_error", """{"error":{"type":"api_error","mess""")]
    [InlineData("[1]", null, "[1]")]
    [InlineData("""{"error":{"type":"forbidden","message":"Request not allowed"}}""", "forbidden", "Request not allowed")]
    [InlineData(
        """{"error":{"type":7,"message":null,"details":"x"}}""", null, """{"error":{"type":7,"message":null,"details":"x"}}""")]
    [InlineData("""{"error":{"type":"a","message":"  "}}""", "a", null)]
    [InlineData("""{"error":{"type":"a","message":"b","details":{"error_code":7}}}""", "a", "b")]
    [InlineData("""{"error":{"type":"a","message":"b"},"message":"c","detail":"d"}""", "a", "b")]
    [InlineData("""{"error":"no healthy upstream"}""", null, "no healthy upstream")]
    [InlineData("""{"message":"no Route matched with those values"}""", null, "no Route matched with those values")]
    [InlineData("""{"detail":"Not Found"}""", null, "Not Found")]
    [InlineData("""{"status":403,"error":"Forbidden","message":"Access denied"}""", null, "Access denied")]
    [InlineData("""{"error":"Bad Request","detail":"no such team"}""", null, "no such team")]
    [InlineData("""{"detail":[{"loc":["body"],"msg":"field required"}]}""", null,
        """{"detail":[{"loc":["body"],"msg":"field required"}]}""")]
    [InlineData("""{"errors":[{"code":1000,"message":"x"}]}""", null, """{"errors":[{"code":1000,"message":"x"}]}""")]
    [InlineData("""{"error":null}""", null, """{"error":null}""")]
    [InlineData("""{"error":""}""", null, """{"error":""}""")]
    [InlineData("{}", null, null)]
    [InlineData("""{"type":"error","message":"not the envelope's"}""", null, "not the envelope's")]
    public void Body_is_read_as_envelope_or_as_plain_message(string body, string? type, string? message) =>
        Assert.Equal(new ErrorEnvelope(type, message, null, null), ErrorEnvelope.Read(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Large_error_page_is_cut()
    {
        Assert.Equal(new string('x', 600), Of(502, new string('x', 600)).Message);
        Assert.Equal(new string('x', 600), Of(502, new string('x', 100_000)).Message);
    }

    private static UpstreamFailure Rejected(params (string Name, int Hours)[] resets) => Of(429, "",
        [
            ("anthropic-ratelimit-unified-status", "rejected"), ("anthropic-ratelimit-unified-representative-claim", "five_hour"),
                ("retry-after", "13262"),
            .. resets.Select(
                reset => ($"anthropic-ratelimit-unified-{reset.Name}", $"{Now.AddHours(reset.Hours).ToUnixTimeSeconds()}")),
        ]);

    private static string Envelope(string type, string message) =>
        $$$"""{"type":"error","error":{"type":"{{{type}}}","message":"{{{message}}}"}}""";

    [Theory]
    [InlineData("\"half \\ud800 pair\"", "half \uFFFD pair")]
    [InlineData("\"no \u00FF text\"", "no \uFFFD text")]
    [InlineData("7", null)]
    public void Invalid_characters_of_a_message_are_replaced(string json, string? told)
    {
        var body = Encoding.Latin1.GetBytes("{\"error\":{\"type\":\"api_error\",\"message\":" + json + "}}");
        Assert.Equal(new ErrorEnvelope("api_error", told, null, null), ErrorEnvelope.Read(body));
    }

    private static UpstreamFailure Of(int status, string body, params (string Name, string Value)[] headers) => Failure.OfAnswer(
        status, AnswerHeaders.Of(
            headers.Select(header => KeyValuePair.Create(header.Name, header.Value))), Encoding.UTF8.GetBytes(body), Now);
}
