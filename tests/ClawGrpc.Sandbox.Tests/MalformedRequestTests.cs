using System.Text;
using System.Text.Json;

namespace ClawGrpc.Testing.Tests;

/// <summary>Whatever is sent, the answer is one of the API's: never a 500, never a dropped connection.</summary>
public class MalformedRequestTests
{
    private const string Whole = """
        {"model":"claude-haiku-4-5","max_tokens":2000,"stream":false,"stop_sequences":["x"],"temperature":1,"top_p":0.5,"top_k":3,
        "cache_control":{"type":"ephemeral","ttl":"1h"},"metadata":{"user_id":"u"},"thinking":{"type":"enabled",
          "budget_tokens":1024},
        "system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],"tool_choice":{"type":"auto"},
        "tools":[{"name":"t","input_schema":{"type":"object","properties":{"a":{"type":["string","null"]},"b":{"enum":[1]},
        "c":{"type":"array","items":{"type":"number","minimum":0.5}}}}}],"output_config":{"format":{"type":"json_schema",
          "schema":{}}},
        "messages":[{"role":"user","content":[{"type":"text","text":"use t \ud83d\ude00"},{"type":"image",
          "source":{"data":"AA=="}}]},
        {"role":"assistant","content":[{"type":"tool_use","id":"i","name":"t","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"i","content":[{"type":"text","text":"r"}]}]}]}
        """;

    private static readonly string[] Replacements =
        ["null", "1", "-1", "1e99", "\"\\ud800\"", "[]", "{}", "[null]", "true", "\"\"", "\u00ff", ""];

    [Fact]
    public async Task Three_thousand_mutations_of_a_body_are_answered_or_refused()
    {
        await using var sandbox = await Sandbox.StartAsync(new() { MinimumCacheableTokens = 0, KeepRequests = 10 });
        using var client = new Client(sandbox);
        Assert.Equal(200, (await PostAsync(client, Encoding.UTF8.GetBytes(Whole))).Status);
        var random = new Random(1);
        var statuses = new Dictionary<int, int>();
        for (var i = 0; i < 3000; i++)
        {
            var body = Mutate(random);
            var (status, text) = await PostAsync(client, body);
            Assert.True(status is 200 or 400 or 404, $"{status} for {Encoding.UTF8.GetString(body)}");
            // A mutation may have asked for a stream.
            Assert.True(text.AsSpan().StartsWith("event: "u8)
                || JsonDocument.Parse(text).RootElement.GetText("type") is "message" or "error");
            statuses[status] = statuses.GetValueOrDefault(status) + 1;
        }

        // The mutations are of use only while some get through and some do not.
        Assert.True(statuses[200] > 100 && statuses[400] > 100);
    }

    // Half of the mutations change any bytes, half replace a JSON value by another.
    private static byte[] Mutate(Random random)
    {
        if (random.Next(2) == 0)
        {
            var bytes = Encoding.UTF8.GetBytes(Whole);
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            return bytes[..(random.Next(8) == 0 ? random.Next(bytes.Length) : bytes.Length)];
        }

        var starts = Enumerable.Range(0, Whole.Length).Where(at => Whole[at] == ':').ToArray();
        var from = starts[random.Next(starts.Length)] + 1;
        var to = Whole.IndexOfAny([',', '}', ']'], from);
        return Encoding.UTF8.GetBytes(Whole[..from] + Replacements[random.Next(Replacements.Length)] + Whole[to..]);
    }

    private static async Task<(int Status, byte[] Body)> PostAsync(Client client, byte[] body)
    {
        using var request = client.Request(Client.Body());
        request.Content = new ByteArrayContent(body);
        using var response = await client.Http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync());
    }
}
