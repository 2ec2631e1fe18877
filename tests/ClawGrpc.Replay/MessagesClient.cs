using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ClawGrpc.Replay;

/// <summary>The Messages API over HTTP, as a program uses it that has read Anthropic's documentation alone.</summary>
/// <param name="http">With the server as its base address. Not disposed of.</param>
public sealed class MessagesClient(HttpClient http)
{
    /// <summary>Posts a request.</summary>
    /// <param name="body">Its body.</param>
    /// <param name="path">Its path.</param>
    /// <param name="headers">Its headers besides the version.</param>
    /// <param name="cancellation">Leaves.</param>
    public async Task<MessagesAnswer> PostAsync(
        ReadOnlyMemory<byte> body, string path = "/v1/messages", IEnumerable<(string Name, string Value)>? headers = null,
        CancellationToken cancellation = default)
    {
        using var request = Request(body, path, headers);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        var all = response.Headers.Concat(response.Content.Headers).ToDictionary(
            header => header.Key, header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase);
        return new MessagesAnswer((int)response.StatusCode, all, await response.Content.ReadAsByteArrayAsync(cancellation));
    }

    /// <summary>A request with the version that most clients send, unless the headers have one.</summary>
    public static HttpRequestMessage Request(
        ReadOnlyMemory<byte> body, string path, IEnumerable<(string Name, string Value)>? headers = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in headers ?? [])
            request.Headers.TryAddWithoutValidation(name, value);
        if (!request.Headers.Contains("anthropic-version"))
            request.Headers.Add("anthropic-version", "2023-06-01");
        return request;
    }
}

/// <summary>What came back, read by the letter of Anthropic's documentation.</summary>
/// <param name="Status">The status.</param>
/// <param name="Headers">All headers.</param>
/// <param name="Body">The body, byte for byte.</param>
public sealed record MessagesAnswer(int Status, IReadOnlyDictionary<string, string> Headers, ReadOnlyMemory<byte> Body)
{
    /// <summary>How an answer is called that broke after it had begun.</summary>
    public const string Interrupted = "error event";

    /// <summary>Whether it is a stream.</summary>
    public bool IsStream => Status == 200
        && Headers.GetValueOrDefault("content-type", "").StartsWith("text/event-stream", StringComparison.Ordinal);

    /// <summary>The data of the events; of a whole answer, none.</summary>
    public IReadOnlyList<string> Events => IsStream ? new Recording(".sse", 200, [], Body).Events() : [];

    /// <summary>The text of the answer so far.</summary>
    public string Text => IsStream
        ? string.Concat(Events.Select(data => WordsOf(Member(Member(Json(data), "delta"), "text"))))
        : Member(Recording.Json(Body), "content") is { ValueKind: JsonValueKind.Array } content
            ? string.Concat(content.EnumerateArray().Select(block => WordsOf(Member(block, "text"))))
            : "";

    /// <summary><c>ok</c>, such as <c>429 rate_limit_error</c>, or <see cref="Interrupted"/>.</summary>
    public string End
    {
        get
        {
            if (Status != 200)
                return $"{Status} {WordsOf(Member(Error, "type"))}";
            if (!IsStream)
                return WordsOf(Member(Recording.Json(Body), "type")) == "message" ? "ok" : "no message";
            return LastType switch { "message_stop" => "ok", "error" => Interrupted, var last => $"ended with {last}" };
        }
    }

    // The name of an event counts where its data has no type.
    private string LastType
    {
        get
        {
            var type = Events.Count > 0 ? Member(Json(Events[^1]), "type") : default;
            if (type.ValueKind == JsonValueKind.String)
                return WordsOf(type);
            var names = Encoding.UTF8.GetString(Body.Span).Split('\n')
                .Where(line => line.StartsWith("event:", StringComparison.Ordinal));
            return names.LastOrDefault()?["event:".Length..].Trim() ?? "";
        }
    }

    /// <summary>The member <c>error</c> of an error's envelope.</summary>
    public JsonElement Error =>
        WordsOf(Member(Recording.Json(Body), "type")) == "error" ? Member(Recording.Json(Body), "error") : default;

    /// <summary>The end of an answer that gRPC's callers get with this reason, when upstream did not judge the request.</summary>
    /// <param name="reason">The name of an <c>ErrorReason</c>, without its prefix.</param>
    public static string EndOf(string reason) => reason switch
    {
        "OK" => "ok",
        "INTERRUPTED" => Interrupted,
        "RATE_LIMITED" or "PLAN_EXHAUSTED" or "REQUEST_TOO_COSTLY" => "429 rate_limit_error",
        "OVERLOADED" => "529 overloaded_error",
        "TIMED_OUT" => "504 timeout_error",
        "MODEL_NOT_FOUND" => "404 not_found_error",
        _ => "503 api_error",
    };

    // A text may end in half a surrogate pair, or in half a character.
    private static string WordsOf(JsonElement text)
    {
        try
        {
            return $"{text}";
        }
        catch (InvalidOperationException)
        {
            return Regex.Unescape(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(text)[1..^1]));
        }
    }

    private static JsonElement Json(string data) => Recording.Json(Encoding.UTF8.GetBytes(data));

    private static JsonElement Member(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? value : default;
}
