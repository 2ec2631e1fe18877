using System.Collections.Immutable;
using System.Text.Json;

namespace ClawGrpc.Core.Messages;

/// <summary>A whole answer, or as much of one as there is.</summary>
/// <param name="Json">The message as JSON, as the events add up to it.</param>
/// <param name="Id">Its <c>id</c> (<c>msg_…</c>); empty: it has none.</param>
/// <param name="Model">Its <c>model</c>, as upstream names it; empty: it has none.</param>
/// <param name="StopReason">Why it ended; empty: it does not say.</param>
/// <param name="Usage">What was counted; null: nothing.</param>
/// <param name="CutInputs">
/// The tool inputs that were no whole JSON, as when <c>max_tokens</c> cut them off: <see cref="Json"/> has them mended, here they are as
/// they came. Empty: none.
/// </param>
public sealed record FoldedMessage(
    ReadOnlyMemory<byte> Json, string Id, string Model, string StopReason, UsageCount? Usage, ImmutableArray<CutInput> CutInputs)
{
    /// <summary>Reads a message that came whole, as the answer to a request without <c>stream</c>.</summary>
    /// <param name="json">The body; kept, not copied.</param>
    /// <exception cref="MalformedAnswerException">It is not a message.</exception>
    public static FoldedMessage Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json.Span, JsonText.Options);
            while (reader.Read())
            {
                // Only to know that it is JSON to its end.
            }
        }
        catch (JsonException wrong)
        {
            throw new MalformedAnswerException($"it is not JSON (at line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine})");
        }

        var trimmed = json.Span.TrimStart(" \t\r\n"u8).StartsWith("{"u8) ? json : default;
        var message = new JsonMembers(trimmed);
        if (!message.Find("content"u8).Span.StartsWith("["u8))
            throw new MalformedAnswerException("it is JSON, but not a message");
        var usage = message.Find("usage"u8);
        return new FoldedMessage(
            json,
            Text(message.Find("id"u8)),
            Text(message.Find("model"u8)),
            Text(message.Find("stop_reason"u8)),
            usage.Span.StartsWith("{"u8) ? UsageCount.Read(usage) : null,
            []);
    }

    internal static string Text(ReadOnlyMemory<byte> value) =>
        value.Span.StartsWith("\""u8) ? JsonText.Decode(value.Span[1..^1]) : "";
}

/// <summary>A tool input that is no whole JSON.</summary>
/// <param name="Index">The block it belongs to.</param>
/// <param name="Text">As much as came, byte for byte.</param>
public readonly record struct CutInput(int Index, ReadOnlyMemory<byte> Text);
