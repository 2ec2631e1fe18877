using ClawGrpc.Core.Access;

namespace ClawGrpc.Gateway.Access;

/// <summary>The audit as it is at one moment, opened for reading.</summary>
/// <param name="Parts">The files, the oldest first.</param>
/// <param name="Head">After the last line.</param>
/// <param name="Rotations">How often another file was begun since the start.</param>
/// <param name="Changed">Done once there is more.</param>
internal sealed record AuditReading(IReadOnlyList<AuditPart> Parts, AuditHead Head, int Rotations, Task Changed) : IDisposable
{
    /// <summary>Checks the chain of all files.</summary>
    /// <param name="anchor">A head that was kept elsewhere.</param>
    /// <param name="cancellation">Ends the check.</param>
    /// <returns>The result, of a bad line its file and number there, and whether the anchor is one of the lines.</returns>
    public (AuditCheck Check, string BadPath, long BadLine, bool HasAnchor) Verify(
        AuditHead anchor, CancellationToken cancellation)
    {
        var (check, hasAnchor) = (AuditCheck.Begin, false);
        var begins = new List<(string Path, long Lines)>();
        foreach (var part in Parts)
        {
            begins.Add((part.Path, check.Lines));
            foreach (var (line, isTerminated) in part.LinesFrom(0))
            {
                check = check.Next(line.Span, isTerminated);
                hasAnchor |= check.Head == anchor;
                if (check.BadLine > 0)
                    break;
                cancellation.ThrowIfCancellationRequested();
            }
        }

        check = check.End();
        var (path, before) = begins.LastOrDefault(begin => begin.Lines < check.BadLine, ("", 0));
        return (check, path, check.BadLine > 0 ? check.BadLine - before : 0, hasAnchor);
    }

    /// <summary>The last lines, at most so many.</summary>
    public IReadOnlyList<byte[]> Last(int count)
    {
        List<byte[]> lines = [];
        for (var part = Parts.Count - 1; part >= 0 && lines.Count < count; part--)
            lines.InsertRange(0, Parts[part].Last(count - lines.Count));
        return lines;
    }

    /// <summary>The lines that came after those of an earlier reading.</summary>
    public IEnumerable<byte[]> After(AuditReading earlier)
    {
        var first = Math.Max(0, Parts.Count - 1 - (Rotations - earlier.Rotations));
        for (var part = first; part < Parts.Count; part++)
        {
            var from = part == first && earlier.Parts is [.., var last] ? last.Length : 0;
            foreach (var (line, _) in Parts[part].LinesFrom(from))
                yield return line.ToArray();
        }
    }

    public void Dispose()
    {
        foreach (var part in Parts)
            part.Dispose();
    }
}
