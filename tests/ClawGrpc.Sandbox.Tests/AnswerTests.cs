using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClawGrpc.Testing.Tests;

public class AnswerTests
{
    private const string Weather =
        """{"name":"get_weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}"""
            + ""","unit":{"enum":["C","F"]},"days":{"type":"integer"}}}}""";

    [Fact]
    public async Task The_same_body_gets_the_same_words_with_and_without_a_stream()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var (_, first) = await client.PostAsync(Client.Body());
        var (_, second) = await client.PostAsync(Client.Body());
        var streamed = Events.Joined(await client.StreamAsync(), "text_delta", "text");

        var text = Text(first);
        Assert.Contains("Hello there", text, StringComparison.Ordinal);
        Assert.InRange(text.Split(' ').Length, 20, 40);
        Assert.Equal(text, Text(second));
        Assert.Equal(text, streamed);
    }

    [Fact]
    public async Task Max_tokens_cuts_the_answer()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var (_, json) = await client.PostAsync(Client.Body("""{"max_tokens":3}"""));
        Assert.Equal("max_tokens", json.GetProperty("stop_reason").GetString());
        Assert.Equal(3, json.GetProperty("usage").GetProperty("output_tokens").GetInt32());
        Assert.Equal("You said “Hello", Text(json));
    }

    [Fact]
    public async Task No_tokens_warm_the_cache_and_say_nothing()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var (_, json) = await client.PostAsync(Client.Body("""{"max_tokens":0}"""));
        Assert.Empty(json.GetProperty("content").EnumerateArray());
        Assert.Equal("max_tokens", json.GetProperty("stop_reason").GetString());
    }

    [Fact]
    public async Task A_stop_sequence_ends_the_answer_before_itself()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var (_, json) = await client.PostAsync(Client.Body("""{"stop_sequences":["speaking","there"]}"""));
        Assert.Equal("stop_sequence", json.GetProperty("stop_reason").GetString());
        Assert.Equal("there", json.GetProperty("stop_sequence").GetString());
        Assert.Equal("You said “Hello ", Text(json));
    }

    [Theory]
    [InlineData("""{"type":"any"}""", "hello", true)]
    [InlineData("""{"type":"tool","name":"get_weather"}""", "hello", true)]
    [InlineData("""{"type":"auto"}""", "please use get_weather", true)]
    [InlineData("""{"type":"auto"}""", "hello", false)]
    [InlineData("""{"type":"none"}""", "please use get_weather", false)]
    public async Task A_tool_is_used_when_it_must_be_or_is_named(string choice, string said, bool isUsed)
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var members = $$"""{"tools":[{{Weather}}],"tool_choice":{{choice}},"messages":[{"role":"user","content":"{{said}}"}]}""";
        var (_, json) = await client.PostAsync(Client.Body(members));
        Assert.Equal(isUsed ? "tool_use" : "end_turn", json.GetProperty("stop_reason").GetString());

        var stream = await client.StreamAsync(members);
        var input = Events.Joined(stream, "input_json_delta", "partial_json");
        Assert.Equal(isUsed ? """{"city":"sample city","unit":"C","days":1}""" : "", input);
        if (isUsed)
        {
            var block = json.GetProperty("content").EnumerateArray().Last();
            Assert.Equal(input, block.GetProperty("input").GetRawText());
            var start = Events.Parse(stream).Last(one => one.Name == "content_block_start").Data.GetProperty("content_block");
            Assert.Equal(block.GetProperty("id").GetString(), start.GetProperty("id").GetString());
            Assert.Equal("{}", start.GetProperty("input").GetRawText());
        }
    }

    [Fact]
    public async Task Thinking_comes_first_with_its_signature()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        const string Members = """{"thinking":{"type":"enabled","budget_tokens":1024},"max_tokens":2000}""";
        var (_, json) = await client.PostAsync(Client.Body(Members));
        var stream = await client.StreamAsync(Members);

        var thinking = json.GetProperty("content")[0];
        Assert.Equal("thinking", thinking.GetProperty("type").GetString());
        Assert.Equal(thinking.GetProperty("thinking").GetString(), Events.Joined(stream, "thinking_delta", "thinking"));
        Assert.Equal(thinking.GetProperty("signature").GetString(), Events.Joined(stream, "signature_delta", "signature"));
        var usage = Events.Parse(stream)[^2].Data.GetProperty("usage");
        Assert.True(usage.GetProperty("output_tokens_details").GetProperty("thinking_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task A_thought_that_is_omitted_leaves_its_signature()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var stream = await client.StreamAsync("""{"thinking":{"type":"adaptive","display":"omitted"}}""");
        Assert.Equal("", Events.Joined(stream, "thinking_delta", "thinking"));
        Assert.NotEqual("", Events.Joined(stream, "signature_delta", "signature"));
    }

    [Fact]
    public async Task A_schema_gets_an_answer_that_fits_it()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var (_, json) = await client.PostAsync(Client.Body(
            """{"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":"""
            + """{"names":{"type":"array","items":{"type":"string"}},"ok":{"type":"boolean"}}}}}}"""));
        Assert.Equal("""{"names":["sample names"],"ok":true}""", Text(json));
    }

    [Fact]
    public async Task Counting_agrees_with_the_usage()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var members = $$"""{"system":"Be brief.","tools":[{{Weather}}]}""";
        var (_, json) = await client.PostAsync(Client.Body(members));
        var counting = Client.Body(members);
        counting.Remove("max_tokens");
        var (status, count) = await client.PostAsync(counting, "/v1/messages/count_tokens");
        Assert.Equal(200, status);
        Assert.Equal(
            json.GetProperty("usage").GetProperty("input_tokens").GetInt32(), count.GetProperty("input_tokens").GetInt32());
        Assert.Equal(400, (await client.PostAsync(Client.Body(), "/v1/messages/count_tokens")).Status);
    }

    [Fact]
    public async Task An_alias_is_answered_by_the_dated_model()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var (_, json) = await client.PostAsync(Client.Body("""{"model":"claude-haiku-4-5"}"""));
        Assert.Equal("claude-haiku-4-5-20251001", json.GetProperty("model").GetString());
    }

    private static string Text(JsonElement message) => JsonNode.Parse(message.GetRawText())!["content"]![0]!["text"]!.ToString();
}
