using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>The few calls of the system that the runtime does not offer.</summary>
internal static partial class Posix
{
    private const int FileExists = 17;
    private const int NoSuchFile = 2;
    private const int CurrentDirectory = -100;
    private const uint BasicStats = 0x7ff;
    private const int FileType = 0xF000;
    private const int SocketType = 0xC000;

    /// <summary>Makes a directory and fails when there is one: the runtime's way does not tell.</summary>
    /// <returns>False: there is something of this name already.</returns>
    public static bool TryMakeDirectory(string path, UnixFileMode mode)
    {
        if (MakeDirectory(path, (uint)mode) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == FileExists ? false : throw Failed("make the directory", path, error);
    }

    /// <summary>Flushes a directory to the disk, so that a file renamed into it stays after a power cut.</summary>
    public static void FlushDirectory(string path)
    {
        using var directory = OpenToRead(path);
        if (directory is not null)
            RandomAccess.FlushToDisk(directory);
    }

    /// <summary>Opens for reading without the advisory lock that the runtime takes along. Null: there is no file.</summary>
    public static SafeFileHandle? OpenToRead(string path)
    {
        var closeOnExec = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;
        var descriptor = Open(path, closeOnExec);
        if (descriptor >= 0)
            return new SafeFileHandle(descriptor, ownsHandle: true);
        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchFile ? null : throw Failed("open", path, error);
    }

    /// <summary>
    /// Whether there is a socket, or a link to one. Where the system is not Linux: something that has no content.
    /// </summary>
    public static bool IsSocket(string path)
    {
        if (!OperatingSystem.IsLinux())
            return new FileInfo(path) is { Exists: true, Length: 0 };
        Span<byte> stat = stackalloc byte[256];
        return StatX(CurrentDirectory, path, 0, BasicStats, stat) == 0
            && (BitConverter.ToUInt16(stat[28..]) & FileType) == SocketType;
    }

    /// <summary>Inode and times of a file or directory, which Linux alone tells here. Null: there is none.</summary>
    public static FileIdentity? LinuxStat(string path)
    {
        // The layout of struct statx is the same on every architecture.
        Span<byte> stat = stackalloc byte[256];
        if (StatX(CurrentDirectory, path, 0, BasicStats, stat) == 0)
            return new FileIdentity(U64(stat, 32), U64(stat, 40), Nanoseconds(stat, 112), Nanoseconds(stat, 96));
        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchFile ? null : throw Failed("look at", path, error);
    }

    private static ulong U64(ReadOnlySpan<byte> stat, int offset) => BitConverter.ToUInt64(stat[offset..]);

    private static Int128 Nanoseconds(ReadOnlySpan<byte> stat, int offset) =>
        ((Int128)(long)U64(stat, offset) * 1_000_000_000) + BitConverter.ToUInt32(stat[(offset + 8)..]);

    private static IOException Failed(string what, string path, int error) =>
        new($"Could not {what} {path}: {Marshal.GetPInvokeErrorMessage(error)}.");

    [LibraryImport("libc", EntryPoint = "mkdir", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int MakeDirectory(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int StatX(int directory, string path, int flags, uint mask, Span<byte> stat);
}
