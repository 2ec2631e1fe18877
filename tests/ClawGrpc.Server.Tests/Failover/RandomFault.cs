using System.Globalization;
using System.Text;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>
/// What upstream does to one route, out of everything that the sandbox can do, and the answer of that route when it does
/// nothing.
/// </summary>
/// <param name="Key">The route's credential.</param>
/// <param name="Model">The route's model.</param>
/// <param name="Fault">What happens to its first requests.</param>
internal sealed record RandomFault(string Key, string Model, Fault Fault)
{
    public const int TokenCount = 12;

    // message_start and content_block_start before the tokens, three events behind them.
    private const int Events = TokenCount + 5;
    private static readonly int[] Statuses =
        [400, 401, 402, 403, 404, 413, 429, 429, 429, 500, 500, 502, 503, 504, 529, 529, 529];
    private static readonly string[] ErrorTypes =
        ["overloaded_error", "api_error", "rate_limit_error", "invalid_request_error", "authentication_error", "novel_error"];

    /// <summary>The fault, and after it the answer.</summary>
    public IEnumerable<Fault> Faults => [Fault, Testing.Faults.Replay(Answer(Key, Model)).ForKey(Key).ForModel(Model).Forever()];

    /// <param name="random">Says which.</param>
    /// <param name="key">The route's credential.</param>
    /// <param name="model">The route's model.</param>
    /// <param name="isHopeless">Whether it refuses every request.</param>
    public static RandomFault Next(Random random, string key, string model, bool isHopeless)
    {
        var match = new FaultMatch { Key = key, Model = model };
        if (isHopeless)
            return new RandomFault(key, model, Status(random) with { Match = match, Times = Fault.Forever });
        var fault = Any(random, Testing.Faults.Replay(Answer(key, model)));
        return new RandomFault(
            key, model, fault with { Match = match, Times = random.Next(3) == 0 ? Fault.Forever : random.Next(1, 4) });
    }

    /// <summary>The texts of the tokens of a route, each told apart from every other of any route.</summary>
    public static IEnumerable<string> Tokens(string key, string model) =>
        Enumerable.Range(0, TokenCount).Select(number => $"{key[^4..]} {model} {number}");

    /// <summary>Whether nothing more will come for this request.</summary>
    public bool IsSilent(SeenRequest request) =>
        request.Credential == Key && request.Json.GetProperty("model").GetString() == Model
        && (Fault.StallBeforeHeaders || Fault.Stall is { } stall
        && request.EventsSent >= Math.Min(stall.AfterEvents!.Value, Events));

    private static Fault Any(Random random, Fault answer)
    {
        var at = random.Next(Events + 2);
        return random.Next(14) switch
        {
            0 or 1 or 2 => Status(random),
            3 => Testing.Faults.Drop(),
            4 => Testing.Faults.StallBeforeHeaders(),
            5 => answer with { Stall = new(at) },
            6 => answer with { Cut = new(at) },
            7 => answer with { Cut = new(AfterBytes: random.Next(2500)), Chunks = new(random.Next(1, 40), random.Next()) },
            8 => answer with { End = new(at) },
            9 => answer with { End = new(AfterBytes: random.Next(2500)), Chunks = new(random.Next(1, 40), random.Next()) },
            10 => answer with { Malformed = new(at) },
            11 => answer with { Error = new(at, ErrorTypes[random.Next(ErrorTypes.Length)], "It failed.") },
            12 => answer with { Slow = new(random.Next(2) * 200, random.Next(2) * 300, 150) },
            _ => answer with { Chunks = new(random.Next(1, 200), random.Next()) },
        };
    }

    private static Fault Status(Random random)
    {
        var headers = new Dictionary<string, string>();
        if (random.Next(3) == 0)
            headers["retry-after"] = random.Next(2) == 0 ? random.Next(100).ToString(CultureInfo.InvariantCulture) : "nonsense";
        if (random.Next(6) == 0)
            headers["x-should-retry"] = "false";
        return new Fault
        {
            Status = new()
            {
                Code = Statuses[random.Next(Statuses.Length)],
                Headers = headers,
                Text = random.Next(
                4) == 0 ? "<html>Something in between.</html>" : null
            },
        };
    }

    private static byte[] Answer(string key, string model)
    {
        var answer = new StringBuilder()
            .Append(Event("message_start", $"\"message\":{{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","
                + $"\"model\":\"{model}\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"
                + $"\"usage\":{{\"input_tokens\":1,\"output_tokens\":1}}}}"))
            .Append(Event("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"));
        foreach (var token in Tokens(key, model))
        {
            answer.Append(
                Event("content_block_delta", $"\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{token};\"}}"));
        }
        return Encoding.UTF8.GetBytes(answer.Append(Event("content_block_stop", "\"index\":0"))
            .Append(Event(
            "message_delta", "\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":12}"))
            .Append("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n").ToString());
    }

    private static string Event(string type, string members) => $"event: {type}\ndata: {{\"type\":\"{type}\",{members}}}\n\n";
}
