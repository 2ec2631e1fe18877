using System.Buffers;
using System.Collections.Immutable;

namespace ClawGrpc.Core.Anthropic;

/// <summary>The state of the stream of an answer.</summary>
internal enum FoldEnd
{
    /// <summary>More is to come.</summary>
    Open,

    /// <summary><c>message_stop</c> was seen: the answer is whole.</summary>
    Complete,

    /// <summary>The stream ended without <c>message_stop</c>: an interruption, not a success.</summary>
    Interrupted,

    /// <summary>Upstream sent an <c>error</c> event.</summary>
    Error,
}

/// <summary>
/// Folds the events of a streamed answer into the message they add up to, by the rules of anthropic-api.md, section 3.1. What the
/// rules do not know (members, blocks, deltas) is folded in as well and not dropped. One fold serves one stream; not for several
/// threads.
/// </summary>
/// <param name="keepContent">
/// False to check only usage, end and order, as for a stream that is passed on: then no content is kept and <see
/// cref="Finish"/> is not available.
/// </param>
internal sealed class MessageFold(bool keepContent = true)
{
    // Far beyond every usage that there is: one without end would be held to the end of the stream.
    private const int MostUsage = 256 * 1024;

    private readonly List<FoldedBlock> _blocks = [];
    private MemberList? _message;
    private MemberList? _usage;
    private UsageCount? _count;
    private int _begunBlocks;

    /// <summary>The state of the stream.</summary>
    public FoldEnd End { get; private set; }

    /// <summary>Whether <c>message_start</c> was seen.</summary>
    public bool HasBegun => _message is not null;

    /// <summary>The answer's <c>id</c> (<c>msg_…</c>); empty if there is none yet.</summary>
    public string Id { get; private set; } = "";

    /// <summary>
    /// The answer's model as upstream names it, after a fallback within the answer the one that served; empty if there is none
    /// yet.
    /// </summary>
    public string Model { get; private set; } = "";

    /// <summary>Why the answer ended; empty if not known yet.</summary>
    public string StopReason { get; private set; } = "";

    /// <summary>Upstream's words in its <c>error</c> event; null if none came.</summary>
    public (string Type, string Message)? Error { get; private set; }

    /// <summary>The usage so far, all events merged; null if there is nothing yet.</summary>
    public UsageCount? Usage => _count ??= CountNow();

    /// <summary>The usage in a <c>message_start</c>; null if there is nothing.</summary>
    public static UsageCount? CountedIn(in StreamEvent start)
    {
        if (start.Part.IsEmpty)
            return null;
        var fold = new MessageFold(keepContent: false);
        fold.Add(start);
        return fold.Usage;
    }

    /// <summary>Takes the next event.</summary>
    /// <exception cref="MalformedAnswerException">The event cannot come here, as a second <c>message_start</c>.</exception>
    public void Add(in StreamEvent read)
    {
        switch (read.Kind)
        {
            case StreamEventKind.MessageStart:
                Begin(read);
                break;
            case StreamEventKind.Error when End == FoldEnd.Open:
                Error = read.Error();
                End = FoldEnd.Error;
                break;
            case StreamEventKind.Ping or StreamEventKind.Unknown or StreamEventKind.Error:
                break;
            case var _ when _message is null:
                throw new MalformedAnswerException($"{read.Type} came before message_start");
            case var _ when End != FoldEnd.Open:
                throw new MalformedAnswerException($"{read.Type} came after the end of the message");
            case StreamEventKind.BlockStart:
                BeginBlock(read);
                break;
            case StreamEventKind.BlockDelta:
                Expect(read.Index < _begunBlocks && read.Index >= 0, read);
                if (keepContent)
                    _blocks[read.Index].Add(read);
                break;
            case StreamEventKind.BlockStop:
                Expect(read.Index < _begunBlocks && read.Index >= 0, read);
                break;
            case StreamEventKind.MessageDelta:
                AddToMessage(read);
                break;
            case StreamEventKind.MessageStop:
                End = FoldEnd.Complete;
                break;
        }
    }

    /// <summary>Ends the stream.</summary>
    /// <returns>How the stream ended; never <see cref="FoldEnd.Open"/>.</returns>
    public FoldEnd EndOfStream()
    {
        if (End == FoldEnd.Open)
            End = FoldEnd.Interrupted;
        return End;
    }

    /// <summary>The message as far as it has come. Null if it has not begun.</summary>
    /// <exception cref="InvalidOperationException">The content was not kept.</exception>
    public FoldedMessage? Finish()
    {
        if (!keepContent)
            throw new InvalidOperationException("This fold keeps no content.");
        if (_message is null)
            return null;
        var content = new ArrayBufferWriter<byte>(2 + _blocks.Sum(static block => block.MostBytes + 1));
        var cuts = ImmutableArray.CreateBuilder<CutInput>();
        content.Write("["u8);
        for (var index = 0; index < _blocks.Count; index++)
        {
            if (index > 0)
                content.Write(","u8);
            if (_blocks[index].WriteTo(content, index) is { } cut)
                cuts.Add(cut);
        }

        content.Write("]"u8);
        _message.Replace(Names.Content, content.WrittenMemory);
        if (Usage is { } usage)
            _message.Replace(Names.Usage, usage.RawJson);
        var json = new ArrayBufferWriter<byte>(_message.MostBytes);
        _message.WriteTo(json);
        return new FoldedMessage(json.WrittenMemory, Id, Model, StopReason, Usage, cuts.ToImmutable());
    }

    private void Begin(in StreamEvent read)
    {
        if (_message is not null)
            throw new MalformedAnswerException("a second message_start came in one answer");
        if (read.Part.IsEmpty)
            throw new MalformedAnswerException("message_start has no message");
        ReadOnlyMemory<byte> start = read.Part.ToArray();
        ReadOnlyMemory<byte> content = default;
        _message = new MemberList(start);
        foreach (var (name, value) in new JsonMembers(start))
        {
            switch (name.Span)
            {
                case var known when known.SequenceEqual("id"u8):
                    Id = FoldedMessage.Text(value);
                    break;
                case var known when known.SequenceEqual("model"u8):
                    Model = FoldedMessage.Text(value);
                    break;
                case var known when known.SequenceEqual("stop_reason"u8):
                    StopReason = FoldedMessage.Text(value);
                    break;
                case var known when known.SequenceEqual("usage"u8):
                    _usage = value.Span.StartsWith("{"u8) ? new MemberList(value) : null;
                    break;
                case var known when known.SequenceEqual("content"u8):
                    content = value;
                    break;
            }
        }

        foreach (var block in new JsonItems(content))
        {
            _begunBlocks++;
            if (keepContent)
                _blocks.Add(new FoldedBlock(block));
        }
    }

    private void BeginBlock(in StreamEvent read)
    {
        // Blocks neither interleave nor skip an index; folding an answer that does would give a wrong message.
        Expect(read.Index == _begunBlocks && !read.Part.IsEmpty, read);
        _begunBlocks++;
        if (keepContent)
            _blocks.Add(new FoldedBlock(read.Part.ToArray()));
        if (read.Part.Span.IndexOf("\"fallback\""u8) >= 0)
            FollowFallback(new JsonMembers(read.Part));
    }

    // Upstream fell back to another model within the answer: the last such block names the model that served, as in an unstreamed
    // answer.
    private void FollowFallback(JsonMembers block)
    {
        var to = block.Find("to"u8);
        if (!block.Find("type"u8).Span.SequenceEqual("\"fallback\""u8) || !to.Span.StartsWith("{"u8))
            return;
        var model = new JsonMembers(to).Find("model"u8);
        if (!model.Span.StartsWith("\""u8))
            return;
        Model = FoldedMessage.Text(model);
        _message!.Replace(Names.Model, model.ToArray());
    }

    private void AddToMessage(in StreamEvent read)
    {
        foreach (var (name, value) in new JsonMembers(read.Part.ToArray()))
        {
            var isStop = name.Span.StartsWith("stop_"u8);
            if (name.Span.SequenceEqual("stop_reason"u8))
                StopReason = FoldedMessage.Text(value);
            // In the stop members null is a value; elsewhere null means that nothing changed.
            if (!keepContent)
                continue;
            if (isStop || !value.Span.SequenceEqual("null"u8))
                _message!.Replace(name, value);
        }

        foreach (var (name, value) in new JsonMembers(read.IsPlain || !keepContent ? default : read.Data.ToArray()))
        {
            if (!IsOfEvent(name.Span) && !value.Span.SequenceEqual("null"u8))
                _message!.Replace(name, value);
        }

        if (read.Usage.IsEmpty)
            return;
        _usage ??= new MemberList("{}"u8.ToArray());
        _usage.Merge(read.Usage.ToArray());
        if (_usage.MostBytes > MostUsage)
            throw new MalformedAnswerException($"its usage is longer than {MostUsage} bytes");
        _count = null;
    }

    private static bool IsOfEvent(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("type"u8) || name.SequenceEqual("delta"u8) || name.SequenceEqual("usage"u8);

    private UsageCount? CountNow()
    {
        if (_usage is null)
            return null;
        var json = new ArrayBufferWriter<byte>(_usage.MostBytes);
        _usage.WriteTo(json);
        return UsageCount.Read(json.WrittenMemory);
    }

    private void Expect(bool inOrder, in StreamEvent read)
    {
        if (!inOrder)
            throw new MalformedAnswerException($"{read.Type} for block {read.Index} came where {_begunBlocks} have begun");
    }

    private static class Names
    {
        public static readonly byte[] Content = [.. "content"u8];
        public static readonly byte[] Model = [.. "model"u8];
        public static readonly byte[] Usage = [.. "usage"u8];
    }
}
