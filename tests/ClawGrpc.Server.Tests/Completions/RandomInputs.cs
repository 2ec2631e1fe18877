using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>Inputs of every shape, for a fleet of two agents, two aliases and a few profiles.</summary>
internal static class RandomInputs
{
    private static readonly string[] Models =
        ["", "", "opus", "fast", "claude-opus-4-6", "anthropic/claude-sonnet-4-6", "fast@anthropic:two", "opus@anthropic:token",
            "opus@anthropic:none", "haiku"];

    private static readonly string[] Jsons =
    [
        """{"messages":[{"role":"user","content":"Hello"}]}""",
        """{ "max_tokens" : null, "system":"Be brief.", "messages":[{"role":"user","content":[{"type":"text","text":"x"}]}],"""
            + """ "stream": false }""",
        """{"model":"fast","tools":[{"name":"a","input_schema":{}},{"name":"b","input_schema":{}"""
            + ""","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[{"role":"user","content":"x"},"""
            + """{"role":"assistant","content":"y"},{"role":"user","content":"z"}]}""",
        """{"cache_control":{"type":"ephemeral"},"max_tokens":0,"messages":[{"role":"user","content":"Warm this."}]}""",
        """{"messages":[]}""",
        """{"temperature":1,"messages":[{"role":"user","content":[{"type":"novel","cache_control":{"type":"ephemeral"}}]}]}""",
    ];

    public static CompletionInput Next(Random random)
    {
        var input = random.Next(2) == 0
            ? new CompletionInput { MessagesJson = ByteString.CopyFromUtf8(Pick(random, Jsons)) }
            : Prompts.Input(new string('x', random.Next(1, 200)), input => Fill(random, input.Messages));
        input.AgentId = Pick(random, "", "main", "work");
        input.Model = Pick(random, Models);
        input.SessionId = Pick(random, "", "s", "t");
        input.CacheRetention = (CacheRetention)random.Next(4);
        input.AnthropicVersion = Pick(random, "", "2023-06-01", "2026-10-21");
        input.Betas.AddRange(new[] { "files-api-2025-04-14", "context-1m-2025-08-07" }.Where(_ => random.Next(3) == 0));
        return input;
    }

    private static void Fill(Random random, MessagesRequest messages)
    {
        if (random.Next(3) == 0)
            messages.ClearMaxTokens();
        if (random.Next(2) == 0)
            messages.System.Add(Prompts.Text("Be brief."));
        if (random.Next(3) == 0)
            messages.Temperature = 1;
        if (random.Next(3) == 0)
            messages.Messages[0].Content[0].CacheControl = new CacheControl { Ttl = Pick(random, "", "5m", "1h") };
    }

    private static string Pick(Random random, params string[] values) => values[random.Next(values.Length)];
}
