using System.Text;
using CsCheck;

namespace ClawGrpc.Core.Tests.Anthropic;

/// <summary>
/// Requests whose caching upstream accepts, with breakpoints of the caller's own in any allowed order.
/// </summary>
internal static class RandomRequests
{
    private static readonly string[] Blocks =
    [
        """{"type":"text","text":"a @"#}""", """{"type":"text","text":""}""", """{"type":"text","text":" \n"}""",
        """{"type":"image","source":{"type":"url","url":"u"}#}""",
        """{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"x"#}]#}""",
        """{"type":"thinking","thinking":"x","signature":"s"}""",
        """{ "type" : "document", "source":{"type":"content","content":[{"type":"text","text":"x"#}]} # }""",
        """{"type":"novel","cache_contro":1}""",
        """{"type":"tool_use","id":"t","name":"n","input":{"cache_control":{"type":"ephemeral","ttl":"1h"}}#}""",
        """{"type":"text","text":"n","cache_control":null}""",
    ];

    private static readonly string[] Tools =
    [
        """{"name":"n","input_schema":{"type":"object","properties":{"cache_control":{"type":"string"}}}#}""",
        """{"type":"web_search_20260318","name":"web_search"#}""", """{"name":"d","defer_loading":true,"input_schema":{}}""",
        """{"name":"e","defer_loading":false,"input_schema":{}#}""",
    ];

    public static Gen<string> Any { get; } = Draws.Of(static random => Next(new Draws(random)), static json => json.Length);

    private static string Next(Draws draws)
    {
        var own = new Own(draws);
        var members = new List<string>();
        // Made in prefix order, so that the caller's ttls are in an order that upstream accepts; written in any.
        if (draws.Chance(0.5))
            members.Add($"\"tools\":[{Many(draws, 0, 4, () => own.Into(draws.Pick(Tools)))}]");
        if (draws.Chance(0.5))
        {
            var blocks = Many(draws, 0, 3, () => own.Into(Blocks[draws.Below(3)]));
            members.Add(draws.Chance(0.5) ? "\"system\":\"Be brief.\"" : $"\"system\":[{blocks}]");
        }

        members.Add($"\"messages\":[{Many(draws, 1, 6, () => Message(draws, own))}]");
        if (draws.Below(5) == 0 && own.Top() is { } top)
            members.Add($"\"cache_control\":{top}");
        members.Add("\"model\":\"m\"");
        members.Add("\"max_tokens\":1");
        return $"{{{string.Join(draws.Chance(0.5) ? "," : " ,\n ", members.OrderBy(_ => draws.Below(1000)))}}}";
    }

    private static string Message(Draws draws, Own own)
    {
        var role = draws.Below(3) switch { 0 => "assistant", 1 when draws.Below(4) == 0 => "system", _ => "user" };
        var content = draws.Below(4) == 0
            ? draws.Below(4) == 0 ? "\"\"" : "\"words\""
            : $"[{Many(draws, 0, 4, () => own.Into(draws.Pick(Blocks)))}]";
        return draws.Chance(0.5)
            ? $$"""{"role":"{{role}}","content":{{content}}}"""
            : $$"""{ "content" : {{content}}, "role" : "{{role}}" }""";
    }

    private static string Many(Draws draws, int least, int most, Func<string> one) =>
        string.Join(',', Enumerable.Range(0, least + draws.Below(most + 1 - least)).Select(_ => one()));

    /// <summary>Sets the caller's breakpoints: at most four, and none of one hour after one of five minutes.</summary>
    private sealed class Own(Draws draws)
    {
        private readonly int _most = draws.Below(5);
        private int _count;
        private bool _short;

        public string Into(string block)
        {
            var json = new StringBuilder();
            foreach (var letter in block)
            {
                if (letter == '@')
                    json.Append(draws.Below(9));
                else if (letter != '#')
                    json.Append(letter);
                else if (draws.Below(4) == 0 && Next() is { } control)
                    json.Append(",\"cache_control\":").Append(control);
            }

            return json.ToString();
        }

        public string? Top() => Next();

        private string? Next()
        {
            if (_count == _most)
                return null;
            _count++;
            _short |= draws.Chance(0.5);
            if (!_short)
                return """{"type":"ephemeral", "ttl":"1h"}""";
            return draws.Chance(0.5) ? """{"type":"ephemeral"}""" : """{"ttl":"5m","type":"ephemeral"}""";
        }
    }
}
