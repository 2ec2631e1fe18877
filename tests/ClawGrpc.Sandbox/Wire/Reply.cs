using System.Text;

namespace ClawGrpc.Testing;

/// <summary>An answer, rendered whole before the first byte goes out.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Null sends none.</param>
/// <param name="Parts">The events of a stream, each with its blank line; otherwise the body in one part.</param>
internal sealed record Reply(int Status, string? ContentType, IReadOnlyList<ReadOnlyMemory<byte>> Parts)
{
    public const string JsonType = "application/json";
    public const string StreamType = "text/event-stream; charset=utf-8";

    /// <summary>Headers of its own; they replace the usual ones of the same name.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Runs once when the answer begins: from then on a prompt written to the cache can be read.</summary>
    public Action? Begun { get; init; }

    public bool IsStream => ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;

    public static Reply Ok(byte[] json) => new(200, JsonType, [json]);

    public static Reply Stream(IReadOnlyList<ReadOnlyMemory<byte>> events) => new(200, StreamType, events)
    {
        Headers = [new("cache-control", "no-cache")],
    };

    public static Reply Error(ApiError error, string requestId) => new(error.Status, JsonType, [error.ToJson(requestId)])
    {
        Headers = error.ShouldRetry is { } retry ? [new("x-should-retry", retry ? "true" : "false")] : [],
    };

    public static Reply Text(int status, string contentType, string text) =>
        new(status, contentType, [Encoding.UTF8.GetBytes(text)]);
}
