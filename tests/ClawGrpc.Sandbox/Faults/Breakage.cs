using System.Diagnostics;

namespace ClawGrpc.Testing;

/// <summary>What follows the last byte that is sent.</summary>
internal enum Ending
{
    /// <summary>A clean end.</summary>
    Clean,

    /// <summary>The connection closes in mid-body.</summary>
    Cut,

    /// <summary>Silence, until the client leaves.</summary>
    Stall,
}

/// <summary>What a fault leaves of a rendered answer. Pure: nothing is sent here.</summary>
internal static class Breakage
{
    public static (Reply Reply, Ending Ending) Apply(Reply reply, Fault? fault, string requestId)
    {
        var (left, ending) = fault switch
        {
            { Cut: { } point } => (Until(reply, point), Ending.Cut),
            { End: { } point } => (Until(reply, point), Ending.Clean),
            { Stall: { } point } => (Until(reply, point), Ending.Stall),
            { Malformed: { } point } => (Garble(reply, point), Ending.Clean),
            { Error: { } error } => (Fail(reply, error, requestId), Ending.Clean),
            _ => (reply, Ending.Clean),
        };
        return (fault?.Chunks is { } chunks ? left with { Parts = Cuts(left.Parts, chunks) } : left, ending);
    }

    private static Reply Until(Reply reply, BreakPoint point)
    {
        if (point.AfterBytes is { } bytes)
        {
            return reply with { Parts = FirstBytes(reply.Parts, bytes) };
        }

        var events = point.AfterEvents ?? 1;
        var parts = events > 0 && !reply.IsStream ? [FirstHalf(reply.Parts[0])] : reply.Parts.Take(events);
        return reply with { Parts = [.. parts] };
    }

    private static List<ReadOnlyMemory<byte>> FirstBytes(IReadOnlyList<ReadOnlyMemory<byte>> parts, int bytes)
    {
        var kept = new List<ReadOnlyMemory<byte>>();
        foreach (var part in parts)
        {
            if (bytes <= 0)
            {
                break;
            }

            kept.Add(part.Length <= bytes ? part : part[..bytes]);
            bytes -= part.Length;
        }

        return kept;
    }

    private static Reply Garble(Reply reply, BreakPoint point)
    {
        var parts = reply.Parts.ToArray();
        var at = reply.IsStream ? Math.Min(point.AfterEvents ?? 1, parts.Length - 1) : 0;
        // A garbled event still ends in its blank line: it is the JSON in it that is wrong.
        parts[at] = reply.IsStream ? (byte[])[.. FirstHalf(parts[at]).Span, .. "\n\n"u8] : FirstHalf(parts[at]);
        return reply with { Parts = parts };
    }

    private static Reply Fail(Reply reply, StreamError error, string requestId)
    {
        var apiError = new ApiError(error.Status, error.Type, error.Message, true);
        return reply.IsStream
            ? reply with { Parts = [.. reply.Parts.Take(error.AfterEvents), apiError.ToEvent()] }
            : Reply.Error(apiError, requestId);
    }

    private static List<ReadOnlyMemory<byte>> Cuts(IReadOnlyList<ReadOnlyMemory<byte>> parts, Chunking chunking)
    {
        ReadOnlyMemory<byte> body = parts.SelectMany(part => part.ToArray()).ToArray();
        var random = new Random(chunking.Seed);
        var pieces = new List<ReadOnlyMemory<byte>>();
        while (!body.IsEmpty)
        {
            var length = Math.Min(body.Length, random.Next(1, chunking.Max + 1));
            Debug.Assert(length > 0, "A piece has at least one byte.");
            pieces.Add(body[..length]);
            body = body[length..];
        }

        return pieces;
    }

    private static ReadOnlyMemory<byte> FirstHalf(ReadOnlyMemory<byte> part) => part[..(part.Length / 2)];
}
