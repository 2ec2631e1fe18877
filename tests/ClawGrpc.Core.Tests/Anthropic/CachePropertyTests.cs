using System.Text;
using System.Text.Json.Nodes;
using ClawGrpc.Core.Anthropic;
using CsCheck;

namespace ClawGrpc.Core.Tests.Anthropic;

/// <summary>Properties of every request with any breakpoints of its own, judged by the bytes that would be sent.</summary>
public class CachePropertyTests
{
    [Fact]
    public void Upstream_takes_the_breakpoints_of_any_request() => RandomRequests.Any.Sample(
        json =>
        {
            var body = RequestBody.Parse(Encoding.UTF8.GetBytes(json), AnthropicVersion.Default, out _)!;
            foreach (var retention in Enum.GetValues<Retention>())
            {
                var plan = CachePolicy.Plan(body, new CacheSettings { Call = retention });
                var sent = Encoding.UTF8.GetString(body.Render(new RequestDecisions("m", false, 1, plan)).Span);
                var before = Breakpoints(JsonNode.Parse(json)!);
                var after = Breakpoints(JsonNode.Parse(sent)!);
                Assert.True(after.Count <= CachePolicy.MaxBreakpoints, sent);
                Assert.True(after.SkipWhile(isOneHour => isOneHour).All(isOneHour => !isOneHour), sent);
                Assert.Equal(after, OneHours(plan.Breakpoints));
                Assert.Equal(before, OneHours(plan.Breakpoints.Where(breakpoint => breakpoint.FromCaller)));
                Assert.Equal(plan.Applied == Retention.None, after.Count == before.Count);
                Assert.True(JsonNode.DeepEquals(Plain(json), Plain(sent)), $"{json}\n{sent}");
            }
        },
        iter: 2_000);

    [Fact]
    public void Same_prompt_has_the_same_bytes_every_time() => RandomRequests.Any.Sample(
        json =>
        {
            var sent = Enumerable.Range(0, 3).Select(_ =>
            {
                var body = RequestBody.Parse(Encoding.UTF8.GetBytes(json), AnthropicVersion.Default, out var _)!;
                return body.Render(
                    new RequestDecisions("m", true, 1, CachePolicy.Plan(body, new CacheSettings { Call = Retention.Long })));
            }).ToList();
            Assert.All(sent, each => Assert.True(each.Span.SequenceEqual(sent[0].Span)));
        });

    private static IEnumerable<bool> OneHours(IEnumerable<CacheBreakpoint> breakpoints) =>
        breakpoints.Select(breakpoint => breakpoint.Ttl == CacheTtl.OneHour);

    // Whether each breakpoint is for one hour, in upstream's order of the prompt.
    private static List<bool> Breakpoints(JsonNode request)
    {
        var found = new List<bool>();
        foreach (var part in new[] { request["tools"], request["system"] })
            Walk(part, found);
        foreach (var message in request["messages"]!.AsArray())
            Walk(message!["content"], found);
        if (request["cache_control"] is { } top)
            found.Add((string?)top["ttl"] == "1h");
        return found;
    }

    private static void Walk(JsonNode? blocks, List<bool> found)
    {
        foreach (var block in blocks as JsonArray ?? [])
        {
            Walk(block!["content"], found);
            Walk((block["source"] as JsonObject)?["content"], found);
            if (block["cache_control"] is { } control)
                found.Add((string?)control["ttl"] == "1h");
        }
    }

    // The request without breakpoints, with strings as text blocks.
    private static JsonObject Plain(string json)
    {
        var request = JsonNode.Parse(json)!.AsObject();
        request.Remove("cache_control");
        foreach (var part in new[] { request["tools"], request["system"] })
            Strip(part);
        Expand(request, "system");
        foreach (var message in request["messages"]!.AsArray())
        {
            Strip(message!["content"]);
            Expand(message.AsObject(), "content");
        }

        return request;
    }

    private static void Strip(JsonNode? blocks)
    {
        foreach (var block in blocks as JsonArray ?? [])
        {
            block!.AsObject().Remove("cache_control");
            Strip(block["content"]);
            Strip((block["source"] as JsonObject)?["content"]);
        }
    }

    private static void Expand(JsonObject holder, string name)
    {
        if (holder[name] is JsonValue text && text.TryGetValue(out string? words))
            holder[name] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = words });
    }
}
