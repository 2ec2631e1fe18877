using System.Collections.Immutable;

namespace ClawGrpc.Core.Anthropic;

/// <summary>A whole answer, or as much of one as there is.</summary>
/// <param name="Json">The message as JSON, as the events add up to it.</param>
/// <param name="Id">Its <c>id</c> (<c>msg_…</c>); empty if it has none.</param>
/// <param name="Model">Its <c>model</c>, as upstream names it; empty if it has none.</param>
/// <param name="StopReason">Why it ended; empty if it does not say.</param>
/// <param name="Usage">What was counted; null if there is nothing.</param>
/// <param name="CutInputs">
/// The tool inputs that were no whole JSON, as when <c>max_tokens</c> cut them off: <see cref="Json"/> has them mended, here they
/// are unchanged. Empty if there is none.
/// </param>
internal sealed record FoldedMessage(
    ReadOnlyMemory<byte> Json, string Id, string Model, string StopReason, UsageCount? Usage, ImmutableArray<CutInput> CutInputs)
{
    /// <summary>Reads a message that came whole, as the answer to a request without <c>stream</c>.</summary>
    /// <param name="json">The body; kept, not copied.</param>
    /// <exception cref="MalformedAnswerException">It is not a message.</exception>
    public static FoldedMessage Read(ReadOnlyMemory<byte> json)
    {
        var message = JsonMembers.OfAnswer(json);
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

    /// <summary>
    /// The message as the stream of events that has all of it in the first, as some streams of upstream come anyway.
    /// </summary>
    public byte[] ToEvents()
    {
        ReadOnlySpan<byte> before = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":"u8;
        byte[] events = [.. before, .. Json.Span, .. "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"u8];

        // A line feed would end the line of the event. JSON has line feeds only between tokens, where a space means the same.
        var message = events.AsSpan(before.Length, Json.Length);
        message.Replace((byte)'\n', (byte)' ');
        message.Replace((byte)'\r', (byte)' ');
        return events;
    }

    internal static string Text(ReadOnlyMemory<byte> value) =>
        value.Span.StartsWith("\""u8) ? JsonText.Decode(value.Span[1..^1]) : "";
}

/// <summary>A tool input that is not whole JSON.</summary>
/// <param name="Index">The block it belongs to.</param>
/// <param name="Text">As much as came, byte for byte.</param>
internal readonly record struct CutInput(int Index, ReadOnlyMemory<byte> Text);
