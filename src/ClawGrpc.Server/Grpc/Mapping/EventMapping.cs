using ClawGrpc.Core.Anthropic;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>The events of an answer on their way to the caller.</summary>
internal static class EventMapping
{
    private static readonly HashSet<string> OfMessage =
        ["id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"];

    /// <summary>
    /// The message for an event. What has no typed form, or says more than it, goes as the JSON it is. Null: the event has
    /// nothing to say in typed form that other messages do not say (a ping; the start, which <c>started</c> and <see
    /// cref="AfterStart"/> tell; the stop).
    /// </summary>
    /// <param name="read">The event; its memory is copied.</param>
    /// <param name="fold">The fold that has just taken it.</param>
    /// <param name="raw">Whether the caller asked for raw events: then every event has a message.</param>
    public static StreamCompleteResponse? ToMessage(in StreamEvent read, MessageFold fold, bool raw)
    {
        if (raw)
            return Raw(read);
        switch (read.Kind)
        {
            case StreamEventKind.BlockDelta:
                return ToDelta(read);
            case StreamEventKind.MessageStart or StreamEventKind.MessageStop or StreamEventKind.Ping when read.IsPlain:
                return null;
            case StreamEventKind.BlockStart when read.IsPlain:
                return new StreamCompleteResponse { BlockStart = Start(read.Index, read.Part, isStream: true) };
            case StreamEventKind.BlockStop when read.IsPlain:
                return new StreamCompleteResponse { BlockStop = new ContentBlockStop { Index = read.Index } };
            case StreamEventKind.MessageDelta:
                return new StreamCompleteResponse { MessageDelta = ToDelta(read.Part, fold, read.Data) };
            default:
                return Raw(read);
        }
    }

    /// <summary>
    /// What follows <c>started</c> because <c>message_start</c> brought it along: blocks that are whole already, why the answer
    /// ended, and the event itself if its message has members that no message has a field for. Mostly nothing.
    /// </summary>
    /// <param name="start">The <c>message_start</c>.</param>
    /// <param name="fold">The fold that has just taken it.</param>
    /// <param name="raw">Whether the caller asked for raw events: then it is the event, and nothing else.</param>
    public static IEnumerable<StreamCompleteResponse> AfterStart(StreamEvent start, MessageFold fold, bool raw)
    {
        if (raw || !start.IsPlain || HasExtra(start.Part))
            yield return Raw(start);
        if (raw)
            yield break;
        var blocks = new List<ReadOnlyMemory<byte>>();
        foreach (var block in new JsonItems(new JsonMembers(start.Part).Find("content"u8)))
            blocks.Add(block);
        for (var index = 0; index < blocks.Count; index++)
        {
            yield return new StreamCompleteResponse { BlockStart = Start(index, blocks[index], isStream: false) };
            yield return new StreamCompleteResponse { BlockStop = new ContentBlockStop { Index = index } };
        }

        if (fold.StopReason.Length > 0)
            yield return new StreamCompleteResponse { MessageDelta = ToDelta(start.Part, fold, default) };
    }

    /// <summary>A whole answer.</summary>
    /// <param name="message">The answer.</param>
    /// <param name="raw">Whether the caller asked for it as JSON: then content and further members are only there.</param>
    public static Completion ToCompletion(FoldedMessage message, bool raw)
    {
        var members = new BlockMembers(message.Json, OfMessage.Count + 2);
        var completion = new Completion
        {
            Id = message.Id,
            Model = message.Model,
            StopReason = message.StopReason,
            Usage = UsageMapping.ToUsage(message.Usage),
        };
        if (members.Text("stop_sequence"u8) is { } sequence)
            completion.StopSequence = sequence;
        if (raw)
        {
            completion.RawJson = UnsafeByteOperations.UnsafeWrap(message.Json);
            return completion;
        }

        foreach (var block in new JsonItems(members.Value("content"u8)))
            completion.Content.Add(BlockReader.Read(block));
        foreach (var cut in message.CutInputs)
        {
            if (completion.Content[cut.Index].ToolUse is { } use)
                use.InputJson = ByteString.CopyFrom(cut.Text.Span);
        }

        completion.ExtraJson = Extra(members);
        return completion;
    }

    private static StreamCompleteResponse ToDelta(in StreamEvent read)
    {
        var delta = new ContentBlockDelta { Index = read.Index };
        if (!read.IsPlain)
        {
            if (!IsPlainAround(read))
                return Raw(read);
            delta.RawJson = ByteString.CopyFrom(read.Part.Span);
            return new StreamCompleteResponse { BlockDelta = delta };
        }

        var text = JsonText.Decode(read.Text.Span);
        switch (read.Delta)
        {
            case DeltaKind.Text:
                delta.Text = text;
                break;
            case DeltaKind.InputJson:
                delta.PartialJson = text;
                break;
            case DeltaKind.Thinking:
                delta.Thinking = text;
                break;
            default:
                delta.Signature = text;
                break;
        }

        return new StreamCompleteResponse { BlockDelta = delta };
    }

    // Whether the event has nothing beside its delta that would be lost with it.
    private static bool IsPlainAround(in StreamEvent read)
    {
        var members = new BlockMembers(read.Data);
        members.Value("type"u8);
        members.Value("index"u8);
        return !read.Part.IsEmpty && !members.HasTwins && !members.Value("delta"u8).IsEmpty && members.IsEmpty;
    }

    private static ContentBlockStart Start(int index, ReadOnlyMemory<byte> json, bool isStream)
    {
        var block = BlockReader.Read(json);
        // The deltas that follow are the whole of the input: an empty object before them would be in the way of whoever joins
        // them.
        if (isStream && block.ToolUse is { } use && use.InputJson.Span.SequenceEqual("{}"u8))
            use.InputJson = ByteString.Empty;
        return new ContentBlockStart { Index = index, Block = block };
    }

    private static MessageDelta ToDelta(ReadOnlyMemory<byte> part, MessageFold fold, ReadOnlyMemory<byte> whole)
    {
        var members = new BlockMembers(part);
        var delta = new MessageDelta
        {
            StopReason = members.Text("stop_reason"u8) ?? "",
            Usage = UsageMapping.ToUsage(fold.Usage),
            RawJson = ByteString.CopyFrom(whole.Span),
        };
        if (members.Text("stop_sequence"u8) is { } sequence)
            delta.StopSequence = sequence;
        return delta;
    }

    private static bool HasExtra(ReadOnlyMemory<byte> message)
    {
        foreach (var (name, value) in new JsonMembers(message))
        {
            if (!OfMessage.Contains(JsonText.Decode(name.Span)) && !value.Span.SequenceEqual("null"u8))
                return true;
        }

        return false;
    }

    private static ByteString Extra(BlockMembers members)
    {
        members.Take("type"u8, "\"message\""u8);
        members.Take("role"u8, "\"assistant\""u8);
        members.Take("stop_sequence"u8, "null"u8);
        members.Value("id"u8);
        members.Value("model"u8);
        members.Value("stop_reason"u8);
        members.Value("usage"u8);
        return members.Extra();
    }

    private static StreamCompleteResponse Raw(in StreamEvent read) =>
        new() { Raw = new RawEvent { Type = read.Type, Json = ByteString.CopyFrom(read.Data.Span) } };
}
