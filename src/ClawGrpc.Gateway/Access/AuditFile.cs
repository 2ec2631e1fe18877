using System.Globalization;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Stores;
using Microsoft.Win32.SafeHandles;

namespace ClawGrpc.Gateway.Access;

/// <summary>
/// The file of the audit, and those that it became before (<c>audit-N.jsonl</c>, N being the number of the last line). One writer
/// at a time. After a failure it is closed, and opened again by the next write.
/// </summary>
/// <param name="path">The file's.</param>
/// <param name="largest">The size from which another file is begun.</param>
internal sealed class AuditFile(string path, long largest) : IDisposable
{
    private const int FirstLook = 64 * 1024;

    private FileStream? _stream;
    private ulong _inode;
    private long _length;
    private bool _needsLineBreak;
    private bool _knowsHead;

    /// <summary>After the last line that was written.</summary>
    public AuditHead Head { get; private set; } = AuditHead.None;

    /// <summary>How often another file was begun.</summary>
    public int Rotations { get; private set; }

    private SafeFileHandle Handle => _stream!.SafeFileHandle;

    /// <summary>Opens the file unless it is open, and is still the one of its name.</summary>
    /// <returns>How it ends; null if it was open.</returns>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public AuditTail? Open()
    {
        if (_stream is not null && FileIdentity.Of(path)?.Inode == _inode && RandomAccess.GetLength(Handle) == _length)
            return null;
        Dispose();
        var isNew = !Path.Exists(path);
        if (!isNew && !Posix.IsRegularFile(path))
            throw new IOException($"{path} is not a regular file");
        _stream = OpenStream();
        try
        {
            if (isNew)
            {
                Posix.TryGive(path, Path.GetDirectoryName(path)!);
                Posix.FlushDirectory(Path.GetDirectoryName(path)!);
            }

            // Of what is open: another file may have taken the name since.
            _inode = OperatingSystem.IsLinux() ? Posix.LinuxStat(Handle).Inode : 0;
            _length = RandomAccess.GetLength(Handle);
            var tail = TailOf(Handle, _length);
            _needsLineBreak = !tail.IsTerminated;

            // Who changes the file while the server runs does not change where the chain stands.
            if (!_knowsHead)
                Head = tail.Head ?? (Archives(path) is [.., var last] ? HeadOf(last) : AuditHead.None);
            _knowsHead = true;
            return tail;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Appends lines and waits until they are on the disk.</summary>
    /// <param name="lines">Whole lines that go on from <see cref="Head"/>.</param>
    /// <param name="head">The head after them.</param>
    /// <exception cref="IOException">They cannot be written. None of them is there, as far as that can be had.</exception>
    public void Append(ReadOnlySpan<byte> lines, AuditHead head)
    {
        var at = _length;
        try
        {
            if (_needsLineBreak)
                RandomAccess.Write(Handle, "\n"u8, at++);
            RandomAccess.Write(Handle, lines, at);
            RandomAccess.FlushToDisk(Handle);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            // How the runtime says that a file may not grow further (EFBIG).
            CutBack();
            throw new IOException("the file may not grow any larger", exception);
        }
        catch
        {
            CutBack();
            throw;
        }

        _length = at + lines.Length;
        _needsLineBreak = false;
        Head = head;
    }

    /// <summary>Begins another file if this one is large.</summary>
    /// <exception cref="IOException">It cannot be renamed, or the other one not be made.</exception>
    public void RotateIfLarge()
    {
        if (_length < largest)
            return;
        Dispose();
        File.Move(path, Path.Join(Path.GetDirectoryName(path), $"audit-{Head.Sequence}.jsonl"));
        Posix.FlushDirectory(Path.GetDirectoryName(path)!);
        Rotations++;
        Open();
    }

    /// <summary>Opens all files for reading, the oldest first. The last one is this, as far as it is written.</summary>
    public IReadOnlyList<AuditPart> OpenParts()
    {
        var parts = new List<AuditPart>();
        foreach (var file in Archives(path).Append(path))
        {
            if (Posix.OpenToRead(file) is { } handle)
                parts.Add(new AuditPart(file, handle, RandomAccess.GetLength(handle)));
        }

        return parts;
    }

    /// <summary>The files that this one was before, the oldest first.</summary>
    public static IReadOnlyList<string> Archives(string path) =>
    [
        .. Directory.EnumerateFiles(Path.GetDirectoryName(path)!, "audit-*.jsonl").Select(file => (file, Number: NumberOf(file)))
            .Where(each => each.Number is not null).OrderBy(each => each.Number).Select(each => each.file),
    ];

    public void Dispose()
    {
        _stream?.Dispose();
        _stream = null;
    }

    private static long? NumberOf(string file) => long.TryParse(
        Path.GetFileNameWithoutExtension(file)["audit-".Length..], NumberStyles.None, CultureInfo.InvariantCulture,
        out var number) ? number : null;

    // Others may read meanwhile.
    private FileStream OpenStream()
    {
        try
        {
            return new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = AtomicFile.OwnerOnly,
                BufferSize = 0,
            });
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    // What was written of lines that could not be written whole would be taken for a crash.
    private void CutBack()
    {
        try
        {
            RandomAccess.SetLength(Handle, _length);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // What is in the file then says where the chain stands.
            _knowsHead = false;
        }

        Dispose();
    }

    private static AuditHead HeadOf(string archive)
    {
        using var handle = Posix.OpenToRead(archive);
        return handle is null ? AuditHead.None : TailOf(handle, RandomAccess.GetLength(handle)).Head ?? AuditHead.None;
    }

    private static AuditTail TailOf(SafeFileHandle handle, long length)
    {
        for (long part = FirstLook; ; part *= 4)
        {
            var end = new byte[Math.Min(part, length)];
            for (var read = 0; read < end.Length;)
            {
                var count = RandomAccess.Read(handle, end.AsSpan(read), length - end.Length + read);
                if (count == 0)
                    throw new IOException("the file is shortened while it is read");
                read += count;
            }

            var tail = AuditTail.Of(end);
            if (tail.Head is not null || end.Length == length)
                return tail;
        }
    }
}

/// <summary>A file of the audit, opened for reading.</summary>
/// <param name="Path">The file's.</param>
/// <param name="Handle">Open until the part is disposed of, whatever the file is called then.</param>
/// <param name="Length">How far it was written when it was opened.</param>
internal sealed record AuditPart(string Path, SafeFileHandle Handle, long Length) : IDisposable
{
    private const int FirstLook = 64 * 1024;
    private const byte LineFeed = (byte)'\n';

    /// <summary>The lines from a place on, without line feeds, and whether each has one. Each holds until the next.</summary>
    public IEnumerable<(ReadOnlyMemory<byte> Line, bool IsTerminated)> LinesFrom(long offset)
    {
        var (buffer, kept) = (new byte[FirstLook], 0);
        while (offset < Length)
        {
            if (kept == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
            var wanted = (int)Math.Min(buffer.Length - kept, Length - offset);
            var read = RandomAccess.Read(Handle, buffer.AsSpan(kept, wanted), offset);
            if (read == 0)
                break;
            offset += read;
            var (start, end) = (0, kept + read);
            for (var length = buffer.AsSpan(start, end - start).IndexOf(LineFeed); length >= 0;
                length = buffer.AsSpan(start, end - start).IndexOf(LineFeed))
            {
                yield return (buffer.AsMemory(start, length), true);
                start += length + 1;
            }

            kept = end - start;
            Buffer.BlockCopy(buffer, start, buffer, 0, kept);
        }

        if (kept > 0)
            yield return (buffer.AsMemory(0, kept), false);
    }

    /// <summary>Its last lines, at most so many.</summary>
    public IReadOnlyList<byte[]> Last(int count)
    {
        for (long part = FirstLook; ; part *= 4)
        {
            var start = Math.Max(0, Length - part);
            var lines = LinesFrom(start).Select(each => each.Line.ToArray()).Skip(start > 0 ? 1 : 0).ToList();
            if (lines.Count >= count || start == 0)
                return [.. lines.TakeLast(count)];
        }
    }

    public void Dispose() => Handle.Dispose();
}
