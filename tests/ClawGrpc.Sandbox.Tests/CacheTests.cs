using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClawGrpc.Testing.Tests;

public class CacheTests
{
    // 400 characters are 100 tokens; the last message costs 3 more, as every message does.
    private static readonly string A = new('a', 400);
    private static readonly string B = new('b', 800);
    private static readonly string C = new('c', 1200);

    /// <summary>
    /// A story in steps: minutes to wait, ttl on the tools, system and message breakpoints (5, 1 for an hour, 0 for none),
    /// the last text, and what the usage says then: input, 5m write, 1h write, read.
    /// </summary>
    public static TheoryData<string, (int Minutes, string Ttls, string Last, string Usage)[]> Stories => new()
    {
        { "no breakpoints, no cache", [(0, "00", C, "603 0 0 0"), (0, "00", C, "603 0 0 0")] },
        { "written, then read", [(0, "05", C, "0 603 0 0"), (0, "05", C, "0 0 0 603")] },
        { "the end is not cached without a breakpoint", [(0, "50", C, "503 100 0 0"), (0, "50", C, "503 0 0 100")] },
        { "a read renews five minutes", [(0, "50", C, "503 100 0 0"), (4, "50", C, "503 0 0 100"), (4, "50", C, "503 0 0 100"),
            (5, "50", C, "503 100 0 0")] },
        { "an hour is an hour", [(0, "10", C, "503 0 100 0"), (59, "10", C, "503 0 0 100"), (60, "10", C, "503 0 100 0")] },
        { "mixed ttl is billed apart", [(0, "15", C, "0 503 100 0"), (0, "15", C, "0 0 0 603"), (6, "15", C, "0 503 0 100")] },
        { "a changed end reads what stayed", [(0, "55", C, "0 603 0 0"), (0, "55", A, "0 303 0 100")] },
        { "an hour after a read five-minute prefix", [(0, "50", C, "503 100 0 0"), (0, "11", C, "0 0 503 100")] },
        { "a breakpoint taken away still reads the prefix", [(0, "50", C, "503 100 0 0"), (0, "05", C, "0 503 0 100")] },
    };

    [Theory]
    [MemberData(nameof(Stories))]
    public async Task A_prompt_is_written_read_and_forgotten_as_the_API_does(
        string story, (int Minutes, string Ttls, string Last, string Usage)[] steps)
    {
        Assert.NotEmpty(story);
        var clock = new ManualTimeProvider();
        await using var sandbox = await Sandbox.StartAsync(new() { TimeProvider = clock, MinimumCacheableTokens = 0 });
        using var client = new Client(sandbox);
        foreach (var (minutes, ttls, last, usage) in steps)
        {
            clock.Advance(TimeSpan.FromMinutes(minutes));
            Assert.Equal(usage, await AskAsync(client, Prompt(ttls, last)));
        }
    }

    [Fact]
    public async Task A_cache_belongs_to_a_workspace_and_a_model()
    {
        await using var sandbox = await Sandbox.StartAsync(new()
        {
            MinimumCacheableTokens = 0,
            Keys = [new("sk-ant-api03-FAKE-one", null, "wrkspc_x"), new("sk-ant-api03-FAKE-two", null, "wrkspc_x"), new(
                "sk-ant-api03-FAKE-other", "33333333-0000-4000-8000-000000000000", "wrkspc_x")],
        });
        using var one = new Client(sandbox, "sk-ant-api03-FAKE-one");
        using var two = new Client(sandbox, "sk-ant-api03-FAKE-two");
        using var other = new Client(sandbox, "sk-ant-api03-FAKE-other");
        using var stranger = new Client(sandbox, "sk-ant-api03-FAKE-stranger");
        Assert.Equal("503 100 0 0", await AskAsync(one, Prompt("50", C)));
        Assert.Equal("503 0 0 100", await AskAsync(two, Prompt("50", C)));
        Assert.Equal("503 100 0 0", await AskAsync(other, Prompt("50", C)));
        Assert.Equal("503 100 0 0", await AskAsync(stranger, Prompt("50", C)));
        var anotherModel = Prompt("50", C);
        anotherModel["model"] = "claude-opus-4-6";
        Assert.Equal("503 100 0 0", await AskAsync(one, anotherModel));
        Assert.Equal("503 0 0 100", await AskAsync(one, Prompt("50", C)));
    }

    [Fact]
    public async Task Prefix_below_its_models_minimum_is_silently_not_cached()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        // Sonnet 4.6 caches from 1024 tokens on.
        Assert.Equal("603 0 0 0", await AskAsync(client, Prompt("50", C)));
        Assert.Equal("0 1103 0 0", await AskAsync(client, Prompt("05", new string('c', 3200))));
    }

    [Theory]
    [InlineData("""[{"type":"text","text":"HELLO","cache_control":{"type":"ephemeral"}}]""", "3 2 0 0")]
    [InlineData("""[{"text":"hello","type":"text","cache_control":{"type":"ephemeral"}}]""", "3 2 0 0")]
    [InlineData("""[{"cache_control":{"type":"ephemeral"}, "type" : "text", "text" : "\u0068ello" }]""", "3 0 0 2")]
    public async Task Prompts_match_by_parsed_content_in_order(string system, string usage)
    {
        await using var sandbox = await Sandbox.StartAsync(new() { MinimumCacheableTokens = 0 });
        using var client = new Client(sandbox);
        Assert.Equal("3 2 0 0", await AskAsync(
            client, Body("""[{"type":"text","text":"hello","cache_control":{"type":"ephemeral"}}]""", "")));
        Assert.Equal(usage, await AskAsync(client, Body(system, "")));
    }

    [Fact]
    public async Task A_plain_string_is_the_same_prompt_as_one_text_block()
    {
        await using var sandbox = await Sandbox.StartAsync(new() { MinimumCacheableTokens = 0 });
        using var client = new Client(sandbox);
        Assert.Equal("3 2 0 0", await AskAsync(
            client, Body("""[{"type":"text","text":"hello","cache_control":{"type":"ephemeral"}}]""", "")));
        // The string has no breakpoint of its own: the one of the message looks back to it.
        Assert.Equal("0 5 0 2", await AskAsync(client, Body("\"hello\"", $"[{Block("how now", '5')}]")));
    }

    [Fact]
    public async Task Twenty_positions_are_looked_back_and_no_more()
    {
        await using var sandbox = await Sandbox.StartAsync(new() { MinimumCacheableTokens = 0 });
        using var client = new Client(sandbox);
        Assert.Equal("0 4 0 0", await AskAsync(client, Turns(1)));
        Assert.Equal("0 19 0 4", await AskAsync(client, Turns(20)));
        // From the 40th block the 20th is just out of sight: 21 to 40 are looked at.
        Assert.Equal("0 43 0 0", await AskAsync(client, Turns(40)));
        Assert.Equal("0 10 0 43", await AskAsync(client, Turns(50)));
    }

    [Fact]
    public async Task Tool_choice_invalidates_only_the_messages_cache()
    {
        await using var sandbox = await Sandbox.StartAsync(new() { MinimumCacheableTokens = 0 });
        using var client = new Client(sandbox);
        Assert.Equal("0 603 0 0", await AskAsync(client, Prompt("55", C)));
        var changed = Prompt("55", C);
        changed["tool_choice"] = new JsonObject { ["type"] = "none" };
        Assert.Equal("0 503 0 100", await AskAsync(client, changed));
    }

    [Fact]
    public async Task Identical_prompts_all_miss_until_the_first_answer_begins()
    {
        var clock = new ManualTimeProvider();
        await using var sandbox = await Sandbox.StartAsync(new() { MinimumCacheableTokens = 0, TimeProvider = clock });
        sandbox.Script(Faults.Slow(beforeHeadersMs: 1000));
        using var client = new Client(sandbox);
        var slow = AskAsync(client, Prompt("50", C));
        await clock.WaitForTimerAsync();
        Assert.Equal("503 100 0 0", await AskAsync(client, Prompt("50", C)));
        Assert.Equal("503 0 0 100", await AskAsync(client, Prompt("50", C)));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("503 100 0 0", await slow);
    }

    [Fact]
    public async Task A_request_that_fails_writes_nothing()
    {
        await using var sandbox = await Sandbox.StartAsync(new() { MinimumCacheableTokens = 0 });
        sandbox.Script(Faults.Status(529));
        using var client = new Client(sandbox);
        Assert.Equal(529, (await client.PostAsync(Prompt("50", C))).Status);
        Assert.Equal("503 100 0 0", await AskAsync(client, Prompt("50", C)));
        sandbox.ClearCache();
        Assert.Equal("503 100 0 0", await AskAsync(client, Prompt("50", C)));
    }

    [Fact]
    public async Task A_stream_says_the_same_at_its_start_and_its_end()
    {
        await using var sandbox = await Sandbox.StartAsync(new() { MinimumCacheableTokens = 0 });
        using var client = new Client(sandbox);
        await AskAsync(client, Prompt("50", C));
        var stream = Events.Parse(await client.StreamAsync(Prompt("50", C).ToJsonString()));
        Assert.Equal("503 0 0 100", Usage(stream[0].Data.GetProperty("message").GetProperty("usage")));
        Assert.Equal(100, stream[^2].Data.GetProperty("usage").GetProperty("cache_read_input_tokens").GetInt32());
    }

    // A system prompt of 100 tokens, and a message of 203 tokens and what the last text costs.
    private static JsonObject Prompt(string ttls, string last) => Body(
        $"[{Block(A, ttls[0])}]", $"[{Block(B, '0')},{Block(last, ttls[1])}]");

    private static JsonObject Body(string system, string content)
    {
        var body = Client.Body($$"""{"system":{{system}}}""");
        body["messages"]![0]!["content"] = content.Length == 0 ? "" : JsonNode.Parse(content);
        return body;
    }

    private static JsonObject Turns(int count) =>
        Body("null", "[" + string.Join(',', Enumerable.Range(1, count).Select(i => Block("turn", i == count ? '5' : '0'))) + "]");

    private static string Block(string text, char ttl) => ttl switch
    {
        '1' => $$$"""{"type":"text","text":"{{{text}}}","cache_control":{"type":"ephemeral","ttl":"1h"}}""",
        '5' => $$$"""{"type":"text","text":"{{{text}}}","cache_control":{"type":"ephemeral"}}""",
        _ => $$$"""{"type":"text","text":"{{{text}}}"}""",
    };

    private static async Task<string> AskAsync(Client client, JsonNode body)
    {
        var (status, json) = await client.PostAsync(body);
        Assert.True(status == 200, json.GetRawText());
        return Usage(json.GetProperty("usage"));
    }

    private static string Usage(JsonElement usage)
    {
        int Number(JsonElement owner, string name) => owner.GetProperty(name).GetInt32();
        var split = usage.GetProperty("cache_creation");
        var (fiveMinutes, oneHour) = (Number(split, "ephemeral_5m_input_tokens"), Number(split, "ephemeral_1h_input_tokens"));
        Assert.Equal(Number(usage, "cache_creation_input_tokens"), fiveMinutes + oneHour);
        return $"{Number(usage, "input_tokens")} {fiveMinutes} {oneHour} {Number(usage, "cache_read_input_tokens")}";
    }
}
