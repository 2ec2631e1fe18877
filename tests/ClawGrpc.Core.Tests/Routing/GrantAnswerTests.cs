using System.Text;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;
using CsCheck;

namespace ClawGrpc.Core.Tests.Routing;

/// <summary>The meaning of a token endpoint's answer.</summary>
public class GrantAnswerTests
{
    private const string Sent = "sk-ant-ort01-FAKE-sent-00000000001";
    private static readonly DateTimeOffset Noon = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(
        """{"access_token":"a","refresh_token":"b","expires_in":28800,"token_type":"Bearer","scope":"x"}""", "a", "b", 28800)]
    [InlineData("""{"access_token":"a","token_type":"bearer","expires_in":0.5e2}""", "a", null, 50)]
    [InlineData("""{"access_token":"a","refresh_token":null,"expires_in":"28800"}""", "a", null, 3600)]
    [InlineData("""{"access_token":"a","refresh_token":"","expires_in":0}""", "a", null, 3600)]
    [InlineData("""{"access_token":"a","expires_in":-5}""", "a", null, 3600)]
    [InlineData("""{"access_token":"a","expires_in":1e400}""", "a", null, 315360000)]
    [InlineData("""{"access_token":"!~","refresh_token":"~!","expires_in":1}""", "!~", "~!", 1)]
    public void Grant_has_tokens_and_their_lifetime(string body, string access, string? refresh, int seconds)
    {
        var granted = Assert.IsType<GrantAnswer.Granted>(Read(200, body));
        Assert.Equal((access, refresh, TimeSpan.FromSeconds(seconds)),
            (granted.Access.Reveal(), granted.Refresh?.Reveal(), granted.Lifetime));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"access_token":""}""")]
    [InlineData("""{"access_token":5}""")]
    [InlineData("""{"access_token":"a b"}""")]
    [InlineData("""{"access_token":"a\r\nx-api-key: b"}""")]
    [InlineData("""{"access_token":"\ud800"}""")]
    [InlineData("""{"access_token":"a","token_type":"mac"}""")]
    public void Answer_200_without_a_bearer_token_is_a_failure(string body) =>
        Assert.Equal(
            "the token endpoint answered 200 without a bearer token", Assert.IsType<GrantAnswer.Failed>(Read(200, body)).Cause);

    [Theory]
    [InlineData(400, """{"error":"invalid_grant","error_description":"Refresh token not found or invalid"}""",
        "the token endpoint answered 400: invalid_grant (Refresh token not found or invalid)")]
    [InlineData(401, """{"error":"invalid_client"}""", "the token endpoint answered 401: invalid_client")]
    [InlineData(400, "nonsense", "the token endpoint answered 400")]
    [InlineData(401, """{"error":{"type":"authentication_error"}}""", "the token endpoint answered 401")]
    [InlineData(403, """{"error":"access_denied"}""", "the token endpoint answered 403: access_denied")]
    [InlineData(400, """{"error":"invalid_grant","error_description":"no such token: sk-ant-ort01-FAKE-sent-00000000001\n"}""",
        "the token endpoint answered 400: invalid_grant (no such token: sk-ant-o...00000001 )")]
    public void Refusal_is_final_and_repeats_no_secret(int status, string body, string cause) =>
        Assert.Equal(cause, Assert.IsType<GrantAnswer.Refused>(Read(status, body)).Cause);

    [Theory]
    [InlineData(500, """{"error":"invalid_grant"}""", "the token endpoint answered 500: invalid_grant")]
    [InlineData(503, "<html>", "the token endpoint answered 503")]
    [InlineData(300, "", "the token endpoint answered 300")]
    [InlineData(302, "", "the token endpoint answered 302")]
    [InlineData(403, "<html>", "the token endpoint answered 403")]
    [InlineData(404, "", "the token endpoint answered 404")]
    [InlineData(408, """{"error":"x"}""", "the token endpoint answered 408: x")]
    [InlineData(429, """{"error":"x"}""", "the token endpoint answered 429: x")]
    [InlineData(400, """{"error":"temporarily_unavailable"}""", "the token endpoint answered 400: temporarily_unavailable")]
    [InlineData(400, """{"error":"server_error"}""", "the token endpoint answered 400: server_error")]
    [InlineData(401, """{"error":"slow_down"}""", "the token endpoint answered 401: slow_down")]
    public void Answers_unrelated_to_the_login_are_passing_failures(int status, string body, string cause) =>
        Assert.Equal(cause, Assert.IsType<GrantAnswer.Failed>(Read(status, body)).Cause);

    [Fact]
    public void Retry_after_of_the_endpoint_is_kept() => Assert.Equal(
        Noon.AddSeconds(90), Assert.IsType<GrantAnswer.Failed>(Read(429, "", KeyValuePair.Create("retry-after", "90"))).RetryAt);

    [Theory]
    [InlineData(298, "", "")]
    [InlineData(299, "", "…")]
    [InlineData(5000, "", "…")]
    [InlineData(296, "\U0001F600", "\U0001F600")]
    [InlineData(297, "\U0001F600", "…")]
    public void Long_cause_is_cut_between_characters(int length, string last, string shown)
    {
        var cause = Assert.IsType<GrantAnswer.Refused>(Read(400, $$"""{"error":"{{new string('x', length)}}{{last}}"}""")).Cause;
        Assert.Equal($"the token endpoint answered 400: {new string('x', Math.Min(length, 298))}{shown}", cause);
    }

    // JSON strings may contain invalid UTF-8 and half surrogate pairs; gRPC messages may not.
    [Theory]
    [InlineData("{\"error\":\"inv\u00FFalid\"}", "the token endpoint answered 400: inv\uFFFDalid")]
    [InlineData(
        """{"error":"e","error_description":"half \ud800 pair"}""", "the token endpoint answered 400: e (half \uFFFD pair)")]
    [InlineData("""{"\ud800":1,"error":"e"}""", "the token endpoint answered 400: e")]
    [InlineData("{\"\u00FF\":1,\"error\":\"e\"}", "the token endpoint answered 400: e")]
    public void Invalid_characters_of_a_refusal_are_replaced(string body, string cause) =>
        Assert.Equal(cause, Assert.IsType<GrantAnswer.Refused>(Read(400, Encoding.Latin1.GetBytes(body))).Cause);

    [Theory]
    [InlineData("""{"\ud800":1,"access_token":"a"}""")]
    [InlineData("{\"\u00FF\":1,\"access_token\":\"a\",\"refresh_token\":\"\u00FF\",\"scope\":\"\u00FF\"}")]
    public void Grant_is_read_despite_invalid_other_members(string body)
    {
        var granted = Assert.IsType<GrantAnswer.Granted>(Read(200, Encoding.Latin1.GetBytes(body)));
        Assert.Equal(("a", null, TimeSpan.FromHours(1)), (granted.Access.Reveal(), granted.Refresh?.Reveal(), granted.Lifetime));
    }

    [Fact]
    public void Spoiled_answer_is_a_grant_or_has_a_printable_cause()
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        string[] bodies =
        [
            """{"access_token":"sk-ant-oat01-FAKE-new","refresh_token":"sk-ant-ort01-FAKE-new","expires_in":28800"""
                + ""","token_type":"Bearer"}""",
            $$"""{"error":"invalid_grant","error_description":"\ud83d\ude00 no such token: {{Sent}}"}""",
            $$"""{"error":"{{new string('x', 283)}}{{string.Concat(Enumerable.Repeat("\U0001F600", 10))}}"}""",
        ];
        string[] pieces =
            ["\\ud800", "\\udc00", "\u00FF", "\u00ED\u00A0\u0080", "\"", "{", "}", "[", "\0", "1e400", "null", "\"error\":",
                "\U0001F600"];
        var cut = Gen.Int[1, 8].Select(count => (Count: count, Put: Array.Empty<byte>()));
        var insert = Gen.OneOf(pieces).Select(piece => (Count: 0, Put: Encoding.Latin1.GetBytes(piece)));
        var replace = Gen.Byte.Select(put => (Count: 1, Put: (byte[])[put]));
        Gen.Select(
            Gen.OneOf(bodies), Gen.Select(Gen.UShort, Gen.OneOf(cut, insert, replace)).Array[0, 3], Gen.OneOf(
                Gen.Const(200), Gen.Int[400, 599])).Sample(
            (text, changes, status) =>
            {
                var body = Encoding.UTF8.GetBytes(text).ToList();
                foreach (var (place, change) in changes)
                {
                    var at = place % body.Count;
                    body.RemoveRange(at, Math.Min(body.Count - at - 1, change.Count));
                    body.InsertRange(at, change.Put);
                }

                var cause = Read(status, [.. body]) switch
                {
                    GrantAnswer.Granted granted => granted.Access.Reveal() + granted.Refresh?.Reveal(),
                    GrantAnswer.Refused refused => refused.Cause,
                    GrantAnswer.Failed failed => failed.Cause,
                    _ => throw new InvalidOperationException("The list is closed."),
                };
                Assert.InRange(strict.GetByteCount(cause), 1, 2000);
                Assert.DoesNotContain(Sent, cause, StringComparison.Ordinal);
            },
            iter: 20_000);
    }

    private static GrantAnswer Read(int status, string body, params KeyValuePair<string, string>[] headers) =>
        Read(status, Encoding.UTF8.GetBytes(body), headers);

    private static GrantAnswer Read(int status, byte[] body, params KeyValuePair<string, string>[] headers) =>
        GrantAnswer.Read(status, AnswerHeaders.Of(headers), body, new Secret(Sent), Noon);
}
