using System.Security.Cryptography;

namespace ClawGrpc.Core.Access;

/// <summary>The chain of an audit, checked line by line.</summary>
internal sealed record AuditCheck
{
    /// <summary>Before the first line.</summary>
    public static readonly AuditCheck Begin = new();

    /// <summary>How many lines were checked.</summary>
    public long Lines { get; private init; }

    /// <summary>The number of the first line; 0 if there is none. Older ones may have been put away.</summary>
    public long First { get; private init; }

    /// <summary>After the last good line.</summary>
    public AuditHead Head { get; private init; } = AuditHead.None;

    /// <summary>Which line is the first that is wrong, from 1; 0 if all are right so far.</summary>
    public long BadLine { get; private init; }

    /// <summary>What is wrong with it; empty if nothing is.</summary>
    public string Problem { get; private init; } = "";

    /// <summary>How many lines crashes have cut, each closed by a line that says so.</summary>
    public int TornLines { get; private init; }

    /// <summary>Whether the last line is cut, as by a crash from which the server has not started again.</summary>
    public bool EndsTorn { get; private init; }

    // Of a line that is no line of an audit: only one that closes it may follow.
    private string? Rest { get; init; }

    /// <summary>After one more line.</summary>
    /// <param name="line">The line without its line feed.</param>
    /// <param name="isTerminated">Whether it has a line feed; only the last one may have none.</param>
    public AuditCheck Next(ReadOnlySpan<byte> line, bool isTerminated)
    {
        if (BadLine > 0)
            return this;
        var number = Lines + 1;
        if (AuditLine.Read(line) is not { } read || (!isTerminated && !read.IsWhole))
        {
            return Rest is not null
                ? Bad(number - 1, "it is no line of the audit")
                : this with
                {
                    Lines = number,
                    Rest = Convert.ToHexStringLower(SHA256.HashData(line)),
                    EndsTorn = !isTerminated,
                };
        }

        if (Rest is not null && read.Torn != Rest)
            return Bad(number - 1, "it is no line of the audit");
        if (!read.IsWhole)
            return Bad(number, "its hash is not that of its content");
        if (Head.Sequence == 0 ? read.Head.Sequence == 1 && read.Before != AuditHead.None.Hash : read.Before != Head.Hash)
            return Bad(number, "it does not follow the line before it");
        if (Head.Sequence > 0 ? read.Head.Sequence != Head.Sequence + 1 : read.Head.Sequence < 1)
            return Bad(number, "its number does not follow that of the line before it");
        return this with
        {
            Lines = number,
            First = First == 0 ? read.Head.Sequence : First,
            Head = read.Head,
            TornLines = TornLines + (Rest is null ? 0 : 1),
            Rest = null,
            EndsTorn = !isTerminated,
        };
    }

    /// <summary>After the last line.</summary>
    public AuditCheck End() =>
        BadLine == 0 && Rest is not null && !EndsTorn ? Bad(Lines, "it is no line of the audit") : this;

    private AuditCheck Bad(long line, string problem) =>
        this with { Lines = Math.Max(Lines, line), BadLine = line, Problem = problem };
}

/// <summary>How the file of an audit ends, and so where its chain goes on.</summary>
/// <param name="Head">After the last whole line; null if there is none in the part that was looked at.</param>
/// <param name="Rest">What follows it; empty if nothing does.</param>
/// <param name="IsTerminated">Whether the file ends with a line feed.</param>
internal sealed record AuditTail(AuditHead? Head, ReadOnlyMemory<byte> Rest, bool IsTerminated)
{
    /// <summary>The name of the hash of what follows, among the details of the line that closes it.</summary>
    public const string RestHash = "sha256";

    private const byte LineFeed = (byte)'\n';

    /// <summary>Looks at the end of a file.</summary>
    public static AuditTail Of(ReadOnlyMemory<byte> end)
    {
        var isTerminated = end.IsEmpty || end.Span[^1] == LineFeed;
        for (var rest = end.Length; rest > 0;)
        {
            var last = end.Span[rest - 1] == LineFeed ? rest - 1 : rest;
            var start = end.Span[..last].LastIndexOf(LineFeed) + 1;
            if (AuditLine.Read(end.Span[start..last]) is { IsWhole: true, Head: var head })
                return new AuditTail(head, end[rest..], isTerminated);
            rest = start;
        }

        return new AuditTail(null, end, isTerminated);
    }

    /// <summary>The line that goes on from here; null if nothing stands in between.</summary>
    public AuditEntry? Closing(DateTimeOffset now)
    {
        if (Rest.IsEmpty)
            return null;
        var rest = IsTerminated ? Rest[..^1] : Rest;
        return new AuditEntry(IsTerminated ? AuditEvent.Damaged : AuditEvent.Torn, now, AuditActor.Server)
        {
            Details =
            [
                ("bytes", $"{rest.Length}"), (RestHash, Convert.ToHexStringLower(SHA256.HashData(rest.Span))),
            ],
        };
    }
}
