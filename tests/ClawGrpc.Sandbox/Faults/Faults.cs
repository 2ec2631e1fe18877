namespace ClawGrpc.Testing;

/// <summary>The faults that tests ask for most, by name.</summary>
public static class Faults
{
    /// <summary>An error with the envelope of its status.</summary>
    public static Fault Status(int code, string? message = null, string? retryAfter = null) => new()
    {
        Status = new()
        {
            Code = code,
            Message = message,
            Headers = retryAfter is null ? [] : new() { ["retry-after"] = retryAfter },
        },
    };

    /// <summary>A 429 for the used-up window of a plan, in unified headers.</summary>
    /// <param name="reset">When the window ends.</param>
    /// <param name="claim"><c>representative-claim</c>: <c>five_hour</c>, <c>seven_day</c>, <c>seven_day_opus</c>, …</param>
    public static Fault PlanExhausted(DateTimeOffset reset, string claim = "five_hour")
    {
        var seconds = reset.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        var window = claim == "five_hour" ? "5h" : "7d";
        return new()
        {
            Status = new()
            {
                Code = 429,
                Headers = new()
                {
                    ["anthropic-ratelimit-unified-status"] = "rejected",
                    ["anthropic-ratelimit-unified-reset"] = seconds,
                    [$"anthropic-ratelimit-unified-{window}-status"] = "rejected",
                    [$"anthropic-ratelimit-unified-{window}-reset"] = seconds,
                    [$"anthropic-ratelimit-unified-{window}-utilization"] = "1.02",
                    ["anthropic-ratelimit-unified-representative-claim"] = claim,
                },
            },
        };
    }

    /// <summary>A 200 stream that turns into <c>overloaded_error</c> after so many events; 1 is before any content.</summary>
    public static Fault OverloadedInStream(int afterEvents = 1) => new() { Error = new(afterEvents) };

    public static Fault Cut(int afterEvents) => new() { Cut = new(afterEvents) };

    public static Fault End(int afterEvents) => new() { End = new(afterEvents) };

    public static Fault Stall(int afterEvents) => new() { Stall = new(afterEvents) };

    public static Fault StallBeforeHeaders() => new() { StallBeforeHeaders = true };

    public static Fault Drop() => new() { Drop = true };

    public static Fault Slow(int beforeHeadersMs = 0, int perEventMs = 0) => new() { Slow = new(beforeHeadersMs, 0, perEventMs) };

    /// <summary>A recorded body; null for <paramref name="chunks"/> sends each event by itself.</summary>
    public static Fault Replay(ReadOnlyMemory<byte> body, int status = 200, Chunking? chunks = null) =>
        new() { Replay = new() { Bytes = body, Status = status }, Chunks = chunks };

    public static Fault For(this Fault fault, FaultMatch match) => fault with { Match = match };

    public static Fault ForKey(this Fault fault, string key) => fault with { Match = fault.Match with { Key = key } };

    public static Fault ForModel(this Fault fault, string model) => fault with { Match = fault.Match with { Model = model } };

    public static Fault ForPath(this Fault fault, string path) => fault with { Match = fault.Match with { Path = path } };

    public static Fault Times(this Fault fault, int times) => fault with { Times = times };

    public static Fault Forever(this Fault fault) => fault with { Times = Fault.Forever };
}
