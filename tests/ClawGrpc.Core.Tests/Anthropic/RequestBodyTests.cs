using System.Text;
using System.Text.Json;
using ClawGrpc.Core.Anthropic;
using CsCheck;

namespace ClawGrpc.Core.Tests.Anthropic;

public class RequestBodyTests
{
    private const string Message = """{"role":"user","content":"hi"}""";

    [Theory]
    [InlineData("""{"model":"m","max_tokens":1,"stream":true,"messages":[{"role":"user","content":"hi"}]}""", null)]
    [InlineData("""{"max_tokens":1,"stream":true,"messages":[],"x":1}""", "messages: must have at least one message")]
    [InlineData("""
         { "model" : "alias@p" ,
           "max_tokens" : 1, "stream": false, "messages": [ {"role":"user","content":"é😀"} ] , "novel" : { "b" : 1.0, "a":2 } }
        """, """
         { "model" : "m" ,
           "max_tokens" : 1, "stream": true, "messages": [ {"role":"user","content":"é😀"} ] , "novel" : { "b" : 1.0, "a":2 } }
        """)]
    [InlineData("""{"messages":[{}]}""", """{"model":"m","messages":[{}],"max_tokens":8192,"stream":true}""")]
    [InlineData("""{"model":null,"messages":[{}],"max_tokens":null,"stream":null }""",
        """{"model":"m","messages":[{}],"max_tokens":8192,"stream":true }""")]
    [InlineData("""{"messages":[{}],"max_tokens":0,"stream":true,"model":"x\u0079"}""",
        """{"messages":[{}],"max_tokens":0,"stream":true,"model":"m"}""")]
    [InlineData("""{"messages":[{}],"max_tokens":1.5,"stream":"yes","model":"m"}""",
        """{"messages":[{}],"max_tokens":1.5,"stream":true,"model":"m"}""")]
    public void Only_what_policy_owns_is_changed(string json, string? expected)
    {
        var body = RequestBody.Parse(Encoding.UTF8.GetBytes(json), AnthropicVersion.Default, out var errors);
        if (body is null)
            Assert.Equal(expected, string.Join('|', errors.Select(error => $"{error.Path}: {error.Description}")));
        else
            Assert.Equal(expected ?? json, Text(body.Render(new RequestDecisions("m", true, 8192))));
    }

    [Fact]
    public void With_nothing_to_change_the_bytes_are_the_callers_own()
    {
        var json = Encoding.UTF8.GetBytes($$"""{"model":"m","max_tokens":1,"messages":[{{Message}}]}""");
        var body = RequestBody.Parse(json, AnthropicVersion.Default, out _)!;
        Assert.True(body.Render(new RequestDecisions("m", false, 1)).Equals(json));
        Assert.Equal(("m", 1, false), (body.Model, body.MaxTokens, body.Stream));
    }

    // anthropic-api.md, section 1.2: budget_tokens must be below max_tokens.
    [Theory]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024},", "claude-opus-4-6", 8192, 8192)]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":8192},", "claude-opus-4-6", 8192, 16_384)]
    [InlineData("\"thinking\":{\"budget_tokens\":16000,\"type\":\"enabled\"},", "claude-opus-4-6", 8192, 24_192)]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":16000},", "claude-opus-4-6", 20_000, 20_000)]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":60000},", "claude-sonnet-4-5-20250929", 8192, 64_000)]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":64000},", "claude-haiku-4-5", 8192, 64_001)]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":9000},\"max_tokens\":5,", "claude-opus-4-6", 8192, 5)]
    [InlineData("\"thinking\":{\"type\":\"adaptive\"},", "claude-opus-4-6", 8192, 8192)]
    [InlineData("\"thinking\":null,", "claude-opus-4-6", 8192, 8192)]
    [InlineData("\"thinking\":{\"budget_tokens\":\"many\"},", "claude-opus-4-6", 8192, 8192)]
    public void Default_for_max_tokens_has_room_for_the_thinking(string members, string model, int standard, int sent)
    {
        var body = RequestBody.Parse(Encoding.UTF8.GetBytes(
            $$"""{{{members}}"model":"{{model}}","messages":[{{Message}}]}"""), AnthropicVersion.Default, out _)!;
        using var rendered = JsonDocument.Parse(body.Render(new RequestDecisions(model, true, standard)));
        Assert.Equal(sent, rendered.RootElement.GetProperty("max_tokens").GetInt32());
    }

    [Theory]
    [InlineData("\"cache_control\":C,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]", "cache_control")]
    [InlineData("\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\",\"cache_control\":C}]}]",
        "messages[0].content[0].cache_control")]
    [InlineData("\"system\":[{\"type\":\"text\",\"text\":\"x\"},{\"type\":\"text\",\"cache_control\":C}],\"messages\":[{}]",
        "system[1].cache_control")]
    [InlineData("\"tools\":[{\"name\":\"t\",\"cache_control\":C}],\"messages\":[{}]", "tools[0].cache_control")]
    [InlineData("\"messages\":[{\"content\":[{\"type\":\"tool_result\",\"content\":[{\"type\":\"text\",\"cache_control\":C}]}]}]",
        "messages[0].content[0].content[0].cache_control")]
    public void Breakpoint_of_another_kind_is_refused(string members, string field)
    {
        foreach (var value in new[] { "true", "\"ephemeral\"", "[]", "1", "[{\"type\":\"ephemeral\"}]" })
        {
            var json = Encoding.UTF8.GetBytes($"{{{members.Replace("C", value, StringComparison.Ordinal)}}}");
            Assert.Null(RequestBody.Parse(json, AnthropicVersion.Default, out var errors));
            var error = Assert.Single(errors);
            Assert.Equal((field, "must be an object such as {\"type\":\"ephemeral\"}, or null"), (error.Path, error.Description));
        }

        var good = Encoding.UTF8.GetBytes($"{{{members.Replace("C", "null", StringComparison.Ordinal)}}}");
        Assert.NotNull(RequestBody.Parse(good, AnthropicVersion.Default, out _));
    }

    // anthropic-api.md, sections 0 and 1.2: a temperature that upstream would refuse is not added.
    [Theory]
    [InlineData("", "claude-opus-4-6", "0.3")]
    [InlineData("\"temperature\":null,", "claude-opus-4-6", "0.3")]
    [InlineData("\"thinking\":{\"type\":\"disabled\"},", "claude-opus-4-6", "0.3")]
    [InlineData("\"thinking\":null,", "claude-opus-4-6", "0.3")]
    [InlineData("\"temperature\":1,", "claude-opus-4-6", "1")]
    [InlineData("\"top_p\":0.5,", "claude-opus-4-6", null)]
    [InlineData("\"top_k\":5,", "claude-opus-4-6", null)]
    [InlineData("\"thinking\":{\"type\":\"adaptive\"},", "claude-opus-4-6", null)]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024},", "claude-opus-4-6", null)]
    [InlineData("", "claude-opus-4-7", null)]
    [InlineData("", "claude-opus-4-6", null, AnthropicVersion.WithoutSampling)]
    public void Configured_temperature_is_sent_if_caller_and_model_allow_it(
        string members, string model, string? sent, string version = AnthropicVersion.Default)
    {
        var body = RequestBody.Parse(Encoding.UTF8.GetBytes(
            $$"""{{{members}}"model":"{{model}}","max_tokens":1,"messages":[{{Message}}]}"""), version, out _)!;
        using var rendered = JsonDocument.Parse(body.Render(new RequestDecisions(model, false, 1, Temperature: 0.3)));
        Assert.Equal(
            sent, rendered.RootElement.TryGetProperty("temperature", out var temperature) ? temperature.GetRawText() : null);
    }

    [Theory]
    [InlineData("claude-opus-4-6", true)]
    [InlineData("claude-sonnet-4-5-20250929", true)]
    [InlineData("claude-opus-4-20250514", true)]
    [InlineData("claude-opus-4", true)]
    [InlineData("claude-opus-4-0", true)]
    [InlineData("claude-haiku-4-5", true)]
    [InlineData("claude-opus-4-5@20251101", true)]
    [InlineData("claude-3-5-sonnet-20241022", true)]
    [InlineData("claude-2.1", true)]
    [InlineData("claude-instant-1.2", true)]
    [InlineData("glm-4.7", true)]
    [InlineData("claude-opus-4-7", false)]
    [InlineData("claude-opus-4-8-20260601", false)]
    [InlineData("claude-opus-4-10", false)]
    [InlineData("claude-opus-5", false)]
    [InlineData("claude-sonnet-5-5", false)]
    [InlineData("claude-fable-5", false)]
    [InlineData("claude-mythos-preview", false)]
    [InlineData("claude-next", false)]
    public void Models_up_to_4_6_and_those_of_others_take_any_temperature(string model, bool free) =>
        Assert.Equal(free, Sampling.IsFree(model));

    [Fact]
    public void A_model_is_written_as_json()
    {
        var body = RequestBody.Parse("""{"messages":[{}]}"""u8.ToArray(), AnthropicVersion.Default, out _)!;
        Assert.StartsWith("""{"model":"a\"\\é","messages":""", Text(
            body.Render(new RequestDecisions("a\"\\é", false, 1))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", ": must be a JSON object")]
    [InlineData("\"x\"", ": must be a JSON object")]
    [InlineData("{}", "messages: is required")]
    [InlineData("""{"messages":{}}""", "messages: must be an array of messages")]
    [InlineData("""{"messages":null}""", "messages: must be an array of messages")]
    [InlineData("""{"messages":[]}""", "messages: must have at least one message")]
    [InlineData("""{"messages":[],"model":1,"max_tokens":"x"}""",
        "messages: must have at least one message|model: must be a string|max_tokens: must be a number")]
    [InlineData("""{"messages":[1],"a":1,"\u0061":2,"messages":[2]}""", "a: is there twice|messages: is there twice")]
    [InlineData("", ": is not JSON at line 1, byte 1: The input does not contain any JSON tokens. Expected the input to start "
        + "with a valid JSON token, when isFinalBlock is true.")]
    [InlineData(
        "{\n\"a\": nope}", ": is not JSON at line 2, byte 7: 'nope}' is an invalid JSON literal. Expected the literal 'null'.")]
    [InlineData("""{"messages":[1]}}""",
        ": is not JSON at line 1, byte 17: '}' is invalid after a single JSON value. Expected end of data.")]
    [InlineData("""{"messages":[1,]}""", ": is not JSON at line 1, byte 16: The JSON array contains a trailing comma at the end "
        + "which is not supported in this mode. Change the reader options.")]
    public void All_invalid_members_are_refused_at_once(string json, string expected)
    {
        Assert.Null(RequestBody.Parse(Encoding.UTF8.GetBytes(json), AnthropicVersion.Default, out var errors));
        Assert.Equal(expected, string.Join('|', errors.Select(error => $"{error.Path}: {error.Description}")));
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused_with_their_place()
    {
        byte[] json = [.. "{\"é\":\""u8, 0xC3, 0x28, .. "\"}"u8];
        Assert.Null(RequestBody.Parse(json, AnthropicVersion.Default, out var errors));
        Assert.Equal(new FieldError("", "is not valid UTF-8 at its byte 7"), Assert.Single(errors));
    }

    [Theory]
    [InlineData(500, true)]
    [InlineData(600, false)]
    public void Nesting_has_a_limit(int depth, bool accepted)
    {
        var nested = string.Concat(Enumerable.Repeat("[", depth)) + string.Concat(Enumerable.Repeat("]", depth));
        var body = RequestBody.Parse(
            Encoding.UTF8.GetBytes($$"""{"messages":[1],"deep":{{nested}}}"""), AnthropicVersion.Default, out var errors);
        Assert.Equal(accepted, body is not null);
        Assert.Equal(accepted ? 0 : 1, errors.Length);
    }

    [Fact]
    public void Blocks_within_blocks_are_followed_to_the_same_limit()
    {
        var json = string.Concat(
            Enumerable.Repeat("""{"type":"tool_result","content":[""", 240)) + string.Concat(Enumerable.Repeat("]}", 240));
        Assert.NotNull(RequestBody.Parse(Encoding.UTF8.GetBytes(
            $$"""{"messages":[{"role":"user","content":[{{json}}]}]}"""), AnthropicVersion.Default, out _));
    }

    [Fact]
    public void Too_many_members_are_refused_without_comparing_them()
    {
        var members = string.Join(',', Enumerable.Range(0, 50_000).Select(number => $"\"m{number}\":0"));
        Assert.Null(RequestBody.Parse(
            Encoding.UTF8.GetBytes($$"""{"messages":[1],{{members}}}"""), AnthropicVersion.Default, out var errors));
        Assert.Equal("has more than 256 members", Assert.Single(errors).Description);
    }

    [Theory]
    [InlineData(
        """{"temperature":1,"top_p":null,"top_k":5,"messages":[{"role":"user","content":"x"}]}""", "temperature|top_p|top_k")]
    [InlineData("""{"messages":[{"content":[{"type":"text","text":"a"},{"type":"document","source":{}}],"role":"assistant"}]}""",
        "messages[0].content[1]")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"a","citations":[{"x":1}]}]}]}""",
        "messages[0].content[0]")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"search_result","content":["""
        + """{"type":"text","text":"a","citations":[{}]}]}]}]}""", "messages[0].content[0].content[0]")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"document"},{"type":"text","text":"a","citations":[]},"""
        + """{"type":"text","text":"a","citations":null}]}]}""", "")]
    [InlineData("""{"messages":[{"role":"assistant","content":[{"type":"text","text":"a","citations":[{}]}]}]}""", "")]
    public void Newer_version_refuses_removed_members(string json, string paths)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        RequestBody.Parse(bytes, "2026-10-21", out var errors);
        Assert.Equal(paths, string.Join('|', errors.Select(error => error.Path)));
        Assert.NotNull(RequestBody.Parse(bytes, "2023-06-01", out _));
        RequestBody.Parse(bytes, "2027-01-01", out var later);
        Assert.Equal(errors.AsEnumerable(), later);
    }

    [Fact]
    public void Token_count_omits_generation_members()
    {
        const string json = """{"max_tokens":1,"stream":true,"metadata":{},"system":"s","tools":[ ],"messages":[{}]"""
            + ""","temperature":1,"thinking":{"type":"adaptive"},"novel":1,"model":"x"}""";
        var body = RequestBody.Parse(Encoding.UTF8.GetBytes(json), AnthropicVersion.Default, out _)!;
        Assert.Equal(
            """{"model":"m","system":"s","tools":[ ],"messages":[{}],"thinking":{"type":"adaptive"},"novel":1}""",
            Text(body.RenderForCount("m")));
    }

    [Fact]
    public void Every_recorded_request_is_sent_as_it_is()
    {
        var count = 0;
        foreach (var (name, json) in Recorded.Requests())
        {
            var body = RequestBody.Parse(json, AnthropicVersion.Default, out var errors);
            Assert.True(body is not null, $"{name}: {string.Join(';', errors)}");
            var sent = body!.Render(new RequestDecisions(body.Model ?? "", body.Stream, 1));
            if (body.MaxTokens is not null)
                Assert.True(sent.Span.SequenceEqual(json), name);
            count++;
        }

        Assert.True(count > 0);
    }

    [Fact]
    public void Spoiled_request_is_read_or_refused_with_errors() => Gen.Select(
        RandomRequests.Any, Gen.Select(
            Gen.UShort, Gen.OneOf(Gen.Byte, Gen.OneOf([.. "\\u{}[]\",:0"u8]))).Array[1, 3], Gen.Bool).Sample(
        (json, flips, isOld) =>
        {
            var bytes = Encoding.UTF8.GetBytes(json);
            foreach (var (at, flipped) in flips)
                bytes[at % bytes.Length] = flipped;
            var body = RequestBody.Parse(bytes, isOld ? "2023-06-01" : "2026-10-21", out var errors);
            Assert.Equal(body is null, errors.Length > 0);
        },
        iter: 20_000);

    [Theory]
    [InlineData("""{"messages":[{"\ud83d":1,"role\ud83d":2}],"\ud83dx":{"\ude00":1},"system":["""
        + """{"\ud800":"\udc00","type":"\ud83d"}],"tools":[{"\ud83d":1}]}""")]
    [InlineData("""{"messages":[{"role":"\ud83d","content":[{"type":"text\ud83d","text":"\ud83d","cache_control":"""
        + """{"ttl":"\ud83d","\ud83d":1}}]}],"model":"\ud83d"}""")]
    public void Half_surrogate_pairs_are_the_callers_own_business(string json) =>
        Assert.NotNull(RequestBody.Parse(Encoding.UTF8.GetBytes(json), AnthropicVersion.Default, out _));

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
