using System.Text;

namespace ClawGrpc.Core.Tests.Anthropic;

/// <summary>Requests that upstream would take as far as caching goes, with breakpoints of the caller's own in any allowed order.</summary>
internal static class RandomRequests
{
    private static readonly string[] Blocks =
    [
        """{"type":"text","text":"a @"#}""", """{"type":"text","text":""}""", """{"type":"text","text":" \n"}""",
        """{"type":"image","source":{"type":"url","url":"u"}#}""", """{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"x"#}]#}""",
        """{"type":"thinking","thinking":"x","signature":"s"}""", """{ "type" : "document", "source":{"type":"content","content":[{"type":"text","text":"x"#}]} # }""",
        """{"type":"novel","cache_contro":1}""", """{"type":"tool_use","id":"t","name":"n","input":{"cache_control":{"type":"ephemeral","ttl":"1h"}}#}""",
        """{"type":"text","text":"n","cache_control":null}""",
    ];

    private static readonly string[] Tools =
    [
        """{"name":"n","input_schema":{"type":"object","properties":{"cache_control":{"type":"string"}}}#}""",
        """{"type":"web_search_20260318","name":"web_search"#}""", """{"name":"d","defer_loading":true,"input_schema":{}}""",
        """{"name":"e","defer_loading":false,"input_schema":{}#}""",
    ];

    public static string Next(Random random)
    {
        var own = new Own(random);
        var members = new List<string>();
        // Made in prefix order, so that the caller's ttls stand in an order upstream takes; written in any.
        if (random.Next(2) == 0)
            members.Add($"\"tools\":[{Many(random, 0, 4, () => own.Into(Tools[random.Next(Tools.Length)]))}]");
        if (random.Next(2) == 0)
            members.Add(random.Next(2) == 0 ? "\"system\":\"Be brief.\"" : $"\"system\":[{Many(random, 0, 3, () => own.Into(Blocks[random.Next(3)]))}]");
        members.Add($"\"messages\":[{Many(random, 1, 6, () => Message(random, own))}]");
        if (random.Next(5) == 0 && own.Top() is { } top)
            members.Add($"\"cache_control\":{top}");
        members.Add("\"model\":\"m\"");
        members.Add("\"max_tokens\":1");
        return $"{{{string.Join(random.Next(2) == 0 ? "," : " ,\n ", members.OrderBy(_ => random.Next()))}}}";
    }

    private static string Message(Random random, Own own)
    {
        var role = random.Next(3) switch { 0 => "assistant", 1 when random.Next(4) == 0 => "system", _ => "user" };
        var content = random.Next(4) == 0
            ? random.Next(4) == 0 ? "\"\"" : "\"words\""
            : $"[{Many(random, 0, 4, () => own.Into(Blocks[random.Next(Blocks.Length)]))}]";
        return random.Next(2) == 0 ? $$"""{"role":"{{role}}","content":{{content}}}""" : $$"""{ "content" : {{content}}, "role" : "{{role}}" }""";
    }

    private static string Many(Random random, int least, int most, Func<string> one) =>
        string.Join(',', Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => one()));

    /// <summary>Sets the caller's breakpoints: at most four, and none of one hour after one of five minutes.</summary>
    private sealed class Own(Random random)
    {
        private readonly int _most = random.Next(5);
        private int _count;
        private bool _short;

        public string Into(string block)
        {
            var json = new StringBuilder();
            foreach (var letter in block.Replace("@", random.Next(9).ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal))
                json.Append(letter == '#' ? random.Next(4) == 0 && Next() is { } control ? $",\"cache_control\":{control}" : "" : letter.ToString());
            return json.ToString();
        }

        public string? Top() => Next();

        private string? Next()
        {
            if (_count == _most)
                return null;
            _count++;
            _short |= random.Next(2) == 0;
            return _short ? random.Next(2) == 0 ? """{"type":"ephemeral"}""" : """{"ttl":"5m","type":"ephemeral"}""" : """{"type":"ephemeral", "ttl":"1h"}""";
        }
    }
}
