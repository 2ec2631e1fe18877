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
    private const int RegularType = 0x8000;
    private const int DirectoryType = 0x4000;
    private const int OfDescriptor = 0x1000;

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

    /// <summary>
    /// Opens a file or directory for reading, without the advisory lock that the runtime takes along. Anything else is refused
    /// and not waited for: a pipe in place of a file would block until it has a writer. Null if there is no file.
    /// </summary>
    public static SafeFileHandle? OpenToRead(string path)
    {
        var (closeOnExec, doNotBlock) = OperatingSystem.IsMacOS() ? (0x1000000, 0x4) : (0x80000, 0x800);
        var descriptor = Open(path, closeOnExec | doNotBlock);
        if (descriptor >= 0)
        {
            var handle = new SafeFileHandle(descriptor, ownsHandle: true);
            if (IsFileOrDirectory(handle))
                return handle;
            handle.Dispose();
            throw new IOException($"Could not open {path}: it is not a regular file.");
        }

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
            && TypeOf(stat) == SocketType;
    }

    /// <summary>Gives a file or directory the owner and group of another. Does nothing if it has them.</summary>
    /// <exception cref="UnauthorizedAccessException">This process cannot.</exception>
    public static void Give(string path, string like)
    {
        if (!TryGive(path, like))
        {
            throw new UnauthorizedAccessException(
                $"{like} belongs to another user or group, and this process cannot leave that as it is. Run the server as its "
                + "owner.");
        }
    }

    /// <inheritdoc cref="Give"/>
    /// <returns>False: this process cannot.</returns>
    public static bool TryGive(string path, string like) =>
        OwnerOf(like) is not { } owner || OwnerOf(path) == owner || ChangeOwner(path, owner.User, owner.Group) == 0;

    /// <summary>Whether there is a regular file, or a link to one.</summary>
    public static bool IsRegularFile(string path)
    {
        if (!OperatingSystem.IsLinux())
            return File.Exists(path);
        Span<byte> stat = stackalloc byte[256];
        return StatX(CurrentDirectory, path, 0, BasicStats, stat) == 0 && TypeOf(stat) == RegularType;
    }

    /// <summary>Inode and times of a file or directory, which Linux alone tells here. Null if there is none.</summary>
    public static FileIdentity? LinuxStat(string path)
    {
        // The layout of struct statx is the same on every architecture.
        Span<byte> stat = stackalloc byte[256];
        if (StatX(CurrentDirectory, path, 0, BasicStats, stat) == 0)
            return new FileIdentity(U64(stat, 32), U64(stat, 40), Nanoseconds(stat, 112), Nanoseconds(stat, 96));
        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchFile ? null : throw Failed("look at", path, error);
    }

    /// <summary>The same of an open file, wherever its name leads by now.</summary>
    public static FileIdentity LinuxStat(SafeFileHandle file)
    {
        Span<byte> stat = stackalloc byte[256];
        return StatX(file, "", OfDescriptor, BasicStats, stat) == 0
            ? new FileIdentity(U64(stat, 32), U64(stat, 40), Nanoseconds(stat, 112), Nanoseconds(stat, 96))
            : throw Failed("look at", "the file", Marshal.GetLastPInvokeError());
    }

    /// <summary>Owner and mode of an open file. Where the system is not Linux: this process's user, and the mode.</summary>
    public static (uint User, UnixFileMode Mode) StatusOf(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
            return (UserId(), File.GetUnixFileMode(file));
        Span<byte> stat = stackalloc byte[256];
        return StatX(file, "", OfDescriptor, BasicStats, stat) == 0
            ? (BitConverter.ToUInt32(stat[20..]), (UnixFileMode)(BitConverter.ToUInt16(stat[28..]) & 0xFFF))
            : throw Failed("look at", "the file", Marshal.GetLastPInvokeError());
    }

    /// <summary>The user that this process acts as.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint UserId();

    // Where the system is not Linux: something that can be read from any place.
    private static bool IsFileOrDirectory(SafeFileHandle handle)
    {
        if (!OperatingSystem.IsLinux())
            return Seek(handle, 0, 0) >= 0;
        Span<byte> stat = stackalloc byte[256];
        return StatX(handle, "", OfDescriptor, BasicStats, stat) == 0 && TypeOf(stat) is RegularType or DirectoryType;
    }

    /// <summary>The owner and group of a file; null where the system is not Linux.</summary>
    public static (uint User, uint Group)? OwnerOf(string path)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Span<byte> stat = stackalloc byte[256];
        return StatX(CurrentDirectory, path, 0, BasicStats, stat) == 0
            ? (BitConverter.ToUInt32(stat[20..]), BitConverter.ToUInt32(stat[24..]))
            : null;
    }

    private static int TypeOf(ReadOnlySpan<byte> stat) => BitConverter.ToUInt16(stat[28..]) & FileType;

    private static ulong U64(ReadOnlySpan<byte> stat, int offset) => BitConverter.ToUInt64(stat[offset..]);

    private static Int128 Nanoseconds(ReadOnlySpan<byte> stat, int offset) =>
        ((Int128)(long)U64(stat, offset) * 1_000_000_000) + BitConverter.ToUInt32(stat[(offset + 8)..]);

    private static IOException Failed(string what, string path, int error) =>
        new($"Could not {what} {path}: {Marshal.GetPInvokeErrorMessage(error)}.");

    /// <summary>The number of a group.</summary>
    /// <returns>False: there is none of this name.</returns>
    public static bool TryFindGroup(string name, out uint number)
    {
        // struct group: name, password, number.
        var group = GroupOfName(name);
        number = group == 0 ? 0 : (uint)Marshal.ReadInt32(group, 2 * nint.Size);
        return group != 0;
    }

    /// <summary>Gives a file to a group.</summary>
    /// <exception cref="IOException">This process cannot.</exception>
    public static void GiveToGroup(string path, uint group)
    {
        if (ChangeOwner(path, uint.MaxValue, group) != 0)
            throw Failed($"give to the group {group} the file", path, Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "getgrnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GroupOfName(string name);

    /// <summary>The user that this process acts as.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "mkdir", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int MakeDirectory(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int StatX(SafeFileHandle file, string path, int flags, uint mask, Span<byte> stat);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int StatX(int directory, string path, int flags, uint mask, Span<byte> stat);
}
