using System.Text;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Core.Tests.Anthropic;

public class CachePolicyTests
{
    private const string Full = """{"tools":[{"name":"a"},{"name":"b"}],"system":[{"type":"text","text":"s"}],"messages":["""
        + """{"role":"user","content":[{"type":"text","text":"x"},{"type":"image"}]}]}""";

    [Theory]
    [InlineData(null, null, null, Retention.Short, "default")]
    [InlineData(Retention.None, Retention.Long, Retention.Long, Retention.None, "call")]
    [InlineData(null, Retention.Long, Retention.None, Retention.Long, "agent")]
    [InlineData(null, Retention.None, null, Retention.None, "agent")]
    [InlineData(null, null, Retention.Long, Retention.Long, "model")]
    internal void Nearest_setting_counts(Retention? call, Retention? agent, Retention? model, Retention requested, string by)
    {
        var plan = Plan(Full, new CacheSettings
        {
            Call = call,
            Agent = agent,
            Model = model,
        });
        Assert.Equal((requested, by), (plan.Requested, plan.RequestedBy));
        Assert.Equal(plan.Requested, plan.Applied);
        Assert.Equal("", plan.Reason);
    }

    [Fact]
    public void Short_marks_last_tool_system_prompt_and_last_user_content()
    {
        Assert.Equal(
            """{"tools":[{"name":"a"},{"name":"b","cache_control":{"type":"ephemeral"}}],"system":["""
                + """{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":["""
                + """{"type":"text","text":"x"},{"type":"image","cache_control":{"type":"ephemeral"}}]}]}""",
            Render(Full, new CacheSettings()));
        Assert.Equal("tools[1]/5m system[0]/5m messages[0].content[1]/5m", Shown(Plan(Full, new CacheSettings())));
    }

    [Fact]
    public void Long_asks_for_one_hour_and_none_changes_nothing()
    {
        var plan = Plan(Full, new CacheSettings { Call = Retention.Long });
        Assert.Equal("tools[1]/1h system[0]/1h messages[0].content[1]/1h", Shown(plan));
        Assert.True(plan.HasOneHour);
        Assert.Equal(3, Render(Full, new CacheSettings { Call = Retention.Long }).Split(
            ""","cache_control":{"type":"ephemeral","ttl":"1h"}}""").Length - 1);
        Assert.Equal(Full, Render(Full, new CacheSettings { Call = Retention.None }));
        Assert.Empty(Plan(Full, new CacheSettings { Call = Retention.None }).Breakpoints);
    }

    [Fact]
    public void Subscription_ignores_retention_unless_configured_otherwise()
    {
        var settings = new CacheSettings { Call = Retention.Long, IsSubscription = true };
        var plan = Plan(Full, settings);
        Assert.Equal(
            (Retention.Long, "call", Retention.Short, false), (plan.Requested, plan.RequestedBy, plan.Applied, plan.HasOneHour));
        Assert.Equal("subscription credentials ignore cacheRetention (params.cacheOnSubscription applies it)", plan.Reason);
        Assert.Equal(Render(Full, new CacheSettings()), Render(Full, settings));
        var applied = Plan(Full, settings with { CacheOnSubscription = true });
        Assert.Equal((Retention.Long, ""), (applied.Applied, applied.Reason));
    }

    [Fact]
    public void Older_folders_get_plain_breakpoints_unless_something_is_set()
    {
        var plan = Plan(Full, new CacheSettings { Default = null });
        Assert.Equal((null, "default", Retention.Short), (plan.Requested, plan.RequestedBy, plan.Applied));
        Assert.Equal("folders of Clawdbot and Moltbot get plain breakpoints unless a retention is set", plan.Reason);
        Assert.Equal(Retention.Long, Plan(Full, new CacheSettings { Default = null, Model = Retention.Long }).Applied);
    }

    [Theory]
    [InlineData("""{"system":"s","messages":[{"role":"user","content":"x"}]}""",
        """{"system":[{"type":"text","text":"s","cache_control":C}],"messages":[{"role":"user","content":["""
            + """{"type":"text","text":"x","cache_control":C}]}]}""")]
    [InlineData("""{"system":"","messages":[{"role":"user","content":"x\u00e9"}]}""",
        """{"system":"","messages":[{"role":"user","content":[{"type":"text","text":"x\u00e9","cache_control":C}]}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"{"}]}""",
        """{"messages":[{"role":"user","content":[{"type":"text","text":"x","cache_control":C}]},"""
            + """{"role":"assistant","content":"{"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"x"},{"role":"user","content":[{"type":"text","text":" \n"},"""
        + """{"type":"novel"}]}]}""",
        """{"messages":[{"role":"user","content":[{"type":"text","text":"x","cache_control":C}]},{"role":"user","content":["""
            + """{"type":"text","text":" \n"},{"type":"novel"}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"text","text":"x" }, {"type":"thinking","thinking":"t"}],"role":"user"}]}""",
        """{"messages":[{"content":[{"type":"text","text":"x","cache_control":C }, {"type":"thinking","thinking":"t"}]"""
            + ""","role":"user"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","cache_control":null,"text":"x"}]}]}""",
        """{"messages":[{"role":"user","content":[{"type":"text","cache_control":C,"text":"x"}]}]}""")]
    [InlineData("""{"tools":[{"name":"a"},{"name":"b","defer_loading":true}],"messages":[{"role":"assistant","content":"x"}]}""",
        """{"tools":[{"name":"a","cache_control":C},{"name":"b","defer_loading":true}],"messages":["""
            + """{"role":"assistant","content":"x"}]}""")]
    [InlineData("""{"tools":[{}],"system":[{"type":"image"}],"messages":[{"role":"user","content":["""
        + """{"type":"tool_result","content":[{"type":"text","text":"x"}]}]}]}""",
        """{"tools":[{"cache_control":C}],"system":[{"type":"image"}],"messages":[{"role":"user","content":["""
            + """{"type":"tool_result","content":[{"type":"text","text":"x"}],"cache_control":C}]}]}""")]
    [InlineData("""{"tools":{},"system":1,"messages":[1,{"role":"user","content":{}}]}""",
        """{"tools":{},"system":1,"messages":[1,{"role":"user","content":{}}]}""")]
    public void Last_eligible_block_gets_the_breakpoint(string json, string expected) =>
        Assert.Equal(expected.Replace("C}", """{"type":"ephemeral"}}""", StringComparison.Ordinal)
            .Replace("C ", """{"type":"ephemeral"} """, StringComparison.Ordinal)
            .Replace("C,", """{"type":"ephemeral"},""", StringComparison.Ordinal),
            Render(json, new CacheSettings()));

    // The caller's own: `5` stands for five minutes, `1` for one hour, `n` for a member without.
    [Theory]
    [InlineData(
        "5", "", "", "short", "tools[0]/5m* system[0]/5m messages[0].content[0]/5m", "tools[0]: has the caller's own breakpoint")]
    [InlineData("5", "", "", "long", "tools[0]/5m*",
        "messages[0].content[0]: 1h must not come after the caller's own 5m; system[0]: 1h must not come after the caller's own "
            + "5m; tools[0]: has the caller's own breakpoint")]
    [InlineData("", "5", "", "long", "tools[0]/1h system[0]/5m*",
        "messages[0].content[0]: 1h must not come after the caller's own 5m; system[0]: has the caller's own breakpoint")]
    [InlineData("", "1", "", "short", "system[0]/1h* messages[0].content[0]/5m",
        "system[0]: has the caller's own breakpoint; tools[0]: 5m must not come before the caller's own 1h")]
    [InlineData("", "", "1", "short", "messages[0].content[0]/1h*",
        "messages[0].content[0]: has the caller's own breakpoint; system[0]: 5m must not come before the caller's own 1h; "
            + "tools[0]: 5m must not come before the caller's own 1h")]
    [InlineData("1", "1", "5", "none", "tools[0]/1h* system[0]/1h* messages[0].content[0]/5m*", "")]
    public void Own_breakpoints_are_kept_and_never_contradicted(
        string tool, string system, string user, string asked, string expected, string reason)
    {
        var json = $$"""{"messages":[{"role":"user","content":[{"type":"text","text":"x"{{Control(user)}}}]}],"system":["""
            + $$"""{"type":"text","text":"s"{{Control(system)}}}],"tools":[{"name":"a"{{Control(tool)}}}]}""";
        var plan = Plan(json, new CacheSettings { Call = Enum.Parse<Retention>(asked, ignoreCase: true) });
        Assert.Equal((expected, reason), (Shown(plan), plan.Reason));
    }

    [Theory]
    [InlineData(4, "", "", Retention.None, "messages[1].content[0]: the caller's own breakpoints take all 4 slots; system[0]: "
        + "the caller's own breakpoints take all 4 slots; tools[0]: the caller's own breakpoints take all 4 slots")]
    [InlineData(3, "", "messages[1].content[0]/5m", Retention.Short,
        "system[0]: the caller's own breakpoints take all 4 slots; tools[0]: the caller's own breakpoints take all 4 slots")]
    [InlineData(2, "", "system[0]/5m messages[1].content[0]/5m", Retention.Short,
        "tools[0]: the caller's own breakpoints take all 4 slots")]
    [InlineData(1, "", "tools[0]/5m system[0]/5m messages[1].content[0]/5m", Retention.Short, "")]
    [InlineData(2, "5", "system[0]/5m", Retention.Short, "messages[1].content[0]: the caller's automatic caching covers it; "
        + "tools[0]: the caller's own breakpoints take all 4 slots")]
    [InlineData(0, "1", "", Retention.None, "messages[1].content[0]: the caller's automatic caching covers it; system[0]: 5m "
        + "must not come before the caller's own 1h; tools[0]: 5m must not come before the caller's own 1h")]
    internal void At_most_four_breakpoints_are_set(int own, string top, string placed, Retention applied, string reason)
    {
        var blocks = string.Join(',', Enumerable.Repeat($$"""{"type":"text","text":"x"{{Control("5")}}}""", own));
        var json = $$"""{"tools":[{"name":"a"}],"system":"s","messages":[{"role":"assistant","content":[{{blocks}}]},"""
            + $$"""{"role":"user","content":"x"}]{{Control(top)}}}""";
        var plan = Plan(json, new CacheSettings());
        Assert.Equal((applied, reason), (plan.Applied, plan.Reason));
        Assert.Equal(placed, string.Join(' ', Shown(plan).Split(' ').Where(shown => !shown.EndsWith('*'))));
    }

    [Fact]
    public void Automatic_caching_is_listed_last() =>
        Assert.Equal("tools[1]/1h system[0]/1h cache_control/1h*",
            Shown(Plan($"{Full[..^1]}{Control("1")}}}", new CacheSettings { Call = Retention.Long })));

    [Fact]
    public void Nested_breakpoints_count_but_not_names_in_callers_data()
    {
        const string Json = """{"tools":[{"name":"a","input_schema":{"content":[{"cache_control":{"type":"ephemeral"}}]}}]"""
            + ""","messages":[{"role":"assistant","content":[{"type":"tool_use","input":{"cache_control":{"ttl":"1h"}"""
            + ""","content":[{"cache_control":{}}]}}]},{"role":"user","content":[{"type":"document","source":"""
            + """{"type":"content","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}},"""
            + """{"type":"tool_result","content":[{"type":"text","text":"x"},{"type":"text","text":"x","cache_control":"""
            + """{"type":"ephemeral"}}]}]}]}""";
        Assert.Equal("tools[0]/5m messages[1].content[0].source.content[0]/5m* messages[1].content[1].content[1]/5m* "
            + "messages[1].content[1]/5m",
            Shown(Plan(Json, new CacheSettings())));
    }

    [Fact]
    public void Prompt_without_a_place_for_a_breakpoint_gives_the_reason()
    {
        var plan = Plan("""{"messages":[{"role":"user","content":[]}]}""", new CacheSettings { Call = Retention.Long });
        Assert.Equal((Retention.Long, Retention.None, "no block of the prompt can carry a breakpoint"),
            (plan.Requested, plan.Applied, plan.Reason));
    }

    private static string Control(string ttl) => ttl switch
    {
        "5" => ""","cache_control":{"type":"ephemeral"}""",
        "1" => ""","cache_control":{"type":"ephemeral","ttl":"1h"}""",
        _ => "",
    };

    private static string Shown(CachePlan plan) => string.Join(' ', plan.Breakpoints.Select(breakpoint =>
        $"{breakpoint.Path}/{(breakpoint.Ttl == CacheTtl.OneHour ? "1h" : "5m")}{(breakpoint.FromCaller ? "*" : "")}"));

    private static CachePlan Plan(string json, CacheSettings settings) => CachePolicy.Plan(Body(json), settings);

    private static string Render(string json, CacheSettings settings)
    {
        var body = Body($$"""{"model":"m","max_tokens":1,{{json[1..]}}""");
        var sent = Encoding.UTF8.GetString(
            body.Render(new RequestDecisions("m", false, 1, CachePolicy.Plan(body, settings))).Span);
        return sent.Replace("\"model\":\"m\",\"max_tokens\":1,", "", StringComparison.Ordinal);
    }

    private static RequestBody Body(string json) =>
        RequestBody.Parse(Encoding.UTF8.GetBytes(json), AnthropicVersion.Default, out _)!;
}
