using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// A caller's Messages request (anthropic-api.md, section 1.2), scanned once and never rewritten: the caller's own bytes are
/// sent, changed only where policy decides. So a prompt has the same bytes for every profile, and nothing is lost.
/// </summary>
internal sealed class RequestBody
{
    // Members that `count_tokens` refuses (section 1): it counts a prompt and generates no answer.
    private static readonly ImmutableHashSet<string> NotCounted =
    [
        "max_tokens", "stream", "stop_sequences", "temperature", "top_p", "top_k", "metadata", "service_tier", "container",
        "inference_geo", "diagnostics", "fallbacks", "fallback_credit_token", "thread",
    ];

    private static readonly string[] SamplingMembers = ["temperature", "top_p", "top_k"];

    private readonly bool _withoutSampling;

    private RequestBody(ReadOnlyMemory<byte> json, RequestOutline outline, bool withoutSampling)
    {
        Json = json;
        Outline = outline;
        _withoutSampling = withoutSampling;
        Model = Value("model") is { Length: > 2 } model && model.Span[0] == '"' ? JsonText.Decode(model.Span[1..^1]) : null;
        MaxTokens = int.TryParse(Value("max_tokens").Span, CultureInfo.InvariantCulture, out var count) ? count : null;
        Stream = Value("stream").Span.SequenceEqual("true"u8);
    }

    /// <summary>The bytes the caller gave.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>The model that the caller names, unchanged; null if there is none.</summary>
    public string? Model { get; }

    /// <summary>The caller's <c>max_tokens</c>; null if there is none, or it is not a whole number.</summary>
    public int? MaxTokens { get; }

    /// <summary>Whether the caller's <c>stream</c> is true.</summary>
    public bool Stream { get; }

    internal RequestOutline Outline { get; }

    /// <summary>
    /// Checks a request. Refuses only what would certainly fail or be sent wrongly; upstream judges the rest.
    /// </summary>
    /// <param name="json">The request; kept, not copied.</param>
    /// <param name="anthropicVersion">The version it will be sent with: some members are refused by some versions.</param>
    /// <param name="errors">All errors; empty if there are none.</param>
    /// <returns>The request; null when there are errors.</returns>
    public static RequestBody? Parse(ReadOnlyMemory<byte> json, string anthropicVersion, out ImmutableArray<FieldError> errors)
    {
        var found = new List<FieldError>();
        var outline = Scan(json.Span, anthropicVersion, found);
        errors = [.. found];
        return outline is null ? null : new RequestBody(json, outline, AnthropicVersion.IsWithoutSampling(anthropicVersion));
    }

    /// <summary>The bytes to send. With nothing to change they are the caller's.</summary>
    public ReadOnlyMemory<byte> Render(RequestDecisions decisions)
    {
        var edits = new List<BodyEdit>(8);
        if (decisions.Model != Model)
            Set(edits, "model", BodyEdit.Quoted(decisions.Model), first: true);
        if (decisions.DefaultMaxTokens is { } most && IsLeftOut("max_tokens"))
        {
            var fitting = MaxTokensFor(decisions.Model, most);
            Set(edits, "max_tokens", Encoding.UTF8.GetBytes(fitting.ToString(CultureInfo.InvariantCulture)));
        }

        if (decisions.Temperature is { } temperature && Takes(decisions.Model))
            Set(edits, "temperature", Sampling.Json(temperature));
        if (decisions.Stream != Stream)
            Set(edits, "stream", decisions.Stream ? "true"u8 : "false"u8);
        if (decisions.Cache is { } cache)
            edits.AddRange(cache.Edits);
        return BodyEdit.Apply(Json, edits);
    }

    /// <summary>The bytes to send for a token count, without the members that only generation takes.</summary>
    /// <param name="model">The model's id as upstream knows it.</param>
    public ReadOnlyMemory<byte> RenderForCount(string model)
    {
        var json = new ArrayBufferWriter<byte>(Json.Length + 64);
        json.Write("{\"model\":"u8);
        json.Write(BodyEdit.Quoted(model));
        foreach (var member in Outline.Members)
        {
            if (member.Name == "model" || NotCounted.Contains(member.Name))
                continue;
            json.Write(","u8);
            json.Write(Json.Span[member.Start..member.End]);
        }

        json.Write("}"u8);
        return json.WrittenMemory;
    }

    // Thinking counts towards `max_tokens`, which upstream wants to be more than its budget.
    private long MaxTokensFor(string model, int most)
    {
        var thinking = Value("thinking");
        var budget = thinking.Span.StartsWith("{"u8)
            && long.TryParse(new JsonMembers(thinking).Find("budget_tokens"u8).Span, CultureInfo.InvariantCulture, out var tokens)
            ? tokens
            : 0;
        return budget < most ? most : Math.Max(budget + 1, Math.Min(budget + most, OutputLimit.Of(model)));
    }

    // Any sampling member of the caller counts as a choice, and thinking fixes the temperature.
    private bool Takes(string model) =>
        !_withoutSampling && Sampling.IsFree(model) && Array.TrueForAll(SamplingMembers, IsLeftOut)
        && (IsLeftOut("thinking") || new JsonMembers(Value("thinking")).Find("type"u8).Span.SequenceEqual("\"disabled\""u8));

    private bool IsLeftOut(string name) => Value(name) is var value && (value.IsEmpty || value.Span.SequenceEqual("null"u8));

    private void Set(List<BodyEdit> edits, string name, ReadOnlySpan<byte> value, bool first = false)
    {
        if (Outline.Find(name) is { } member)
        {
            edits.Add(new BodyEdit(member.ValueStart, member.End, value.ToArray()));
            return;
        }

        var key = Encoding.UTF8.GetBytes($"\"{name}\":");
        if (first)
            edits.Add(new BodyEdit(Outline.Start + 1, Outline.Start + 1, (byte[])[.. key, .. value, (byte)',']));
        else
            edits.Add(new BodyEdit(Outline.End, Outline.End, (byte[])[(byte)',', .. key, .. value]));
    }

    private ReadOnlyMemory<byte> Value(string name) =>
        Outline.Find(name) is { } member ? Json[member.ValueStart..member.End] : default;

    private static RequestOutline? Scan(ReadOnlySpan<byte> json, string version, List<FieldError> errors)
    {
        try
        {
            if (!Utf8.IsValid(json))
                errors.Add(new FieldError("", $"is not valid UTF-8 at its byte {ValidLength(json)}"));
            return errors.Count > 0 ? null : new RequestScan(json, version, errors).Read();
        }
        catch (JsonException exception)
        {
            // The message of the exception ends with a zero-based position; cut it off.
            var cause = exception.Message.Split(" LineNumber:")[0].Trim();
            errors.Clear();
            errors.Add(
                new FieldError(
                    "", $"is not JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}: {cause}"));
            return null;
        }
    }

    private static int ValidLength(ReadOnlySpan<byte> bytes)
    {
        var valid = 0;
        while (Rune.DecodeFromUtf8(bytes[valid..], out _, out var length) == OperationStatus.Done)
            valid += length;
        return valid;
    }
}
