using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace ClawGrpc.Testing;

/// <summary>
/// A request as the sandbox saw it, and what became of it. Safe to read from any thread while it is being answered.
/// </summary>
public sealed class SeenRequest
{
    private readonly TaskCompletionSource<Outcome> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lazy<JsonDocument?> _json;
    private long _bytesSent;
    private int _eventsSent;
    private int _status;
    private DateTimeOffset? _endedAt;

    internal SeenRequest()
    {
        _json = new(() => ParseBody(Body));
        Betas = [];
    }

    /// <summary>Place in the order of arrival, from 0.</summary>
    public int Index { get; internal set; }

    /// <summary>When the whole body had arrived.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    public required string Method { get; init; }

    /// <summary>Path without the query.</summary>
    public required string Path { get; init; }

    /// <summary>Query with its <c>?</c>; empty when there is none.</summary>
    public required string Query { get; init; }

    /// <summary>
    /// Every header line, values as sent; a header sent twice is here twice. Names in the server's spelling, not in the order
    /// of the wire.
    /// </summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>The bytes of the body.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Values of all <c>anthropic-beta</c> headers, split at commas, in order.</summary>
    public IReadOnlyList<string> Betas { get; internal init; }

    /// <summary>The id it was answered with (<c>request-id</c>).</summary>
    public string RequestId { get; internal set; } = "";

    /// <summary>The status it was answered with; 0 while there is none.</summary>
    public int Status => Volatile.Read(ref _status);

    /// <summary>Bytes of the answer's body handed to the connection so far.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>
    /// Events of the stream handed to the connection so far; a JSON answer counts as one, and so does each piece of <see
    /// cref="Chunking"/>.
    /// </summary>
    public int EventsSent => Volatile.Read(ref _eventsSent);

    /// <summary>Completes when nothing more will be sent.</summary>
    public Task<Outcome> Finished => _finished.Task;

    public Outcome Outcome => _finished.Task.IsCompleted ? _finished.Task.Result : Outcome.Open;

    /// <summary>When <see cref="Finished"/> completed.</summary>
    public DateTimeOffset? EndedAt => Outcome == Outcome.Open ? null : _endedAt;

    /// <summary>When the client's leaving was seen; null when it did not leave.</summary>
    public DateTimeOffset? AbortedAt => Outcome == Outcome.Aborted ? _endedAt : null;

    /// <summary>The body as JSON.</summary>
    /// <exception cref="InvalidOperationException">The body is not JSON.</exception>
    public JsonElement Json => TryJson ?? throw new InvalidOperationException("The body is not JSON.");

    /// <summary>The body as text.</summary>
    public string BodyText => Encoding.UTF8.GetString(Body.Span);

    internal JsonElement? TryJson => _json.Value?.RootElement;

    /// <summary>The credential it came with, from either header; null without one.</summary>
    public string? Credential => Header("x-api-key") ?? BearerToken;

    internal string? BearerToken =>
        Header("authorization") is { } value && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? value["Bearer ".Length..].Trim()
            : null;

    /// <summary>The first header of that name; null without one.</summary>
    public string? Header(string name) =>
        Headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    internal void Answer(int status) => Volatile.Write(ref _status, status);

    internal void Sent(int bytes)
    {
        Interlocked.Add(ref _bytesSent, bytes);
        Interlocked.Increment(ref _eventsSent);
    }

    internal void End(Outcome outcome, DateTimeOffset at)
    {
        _endedAt ??= at;
        _finished.TrySetResult(outcome);
    }

    private static JsonDocument? ParseBody(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty || !Utf8.IsValid(body.Span))
        {
            return null;
        }

        try
        {
            var json = JsonDocument.Parse(body);
            if (body.Span.IndexOf("\\ud"u8) >= 0 || body.Span.IndexOf("\\uD"u8) >= 0)
            {
                // Half a surrogate pair parses, but nothing can be done with it: this throws for one.
                JsonSerializer.Serialize(Stream.Null, json);
            }

            return json;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }
}
