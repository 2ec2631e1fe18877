using System.Runtime.InteropServices;

namespace ClawGrpc.Cli.Input;

/// <summary>The numbers of this machine's users and groups.</summary>
internal static partial class UnixNames
{
    /// <summary>The number of a user; null if there is none of this name.</summary>
    public static uint? FindUser(string name) => Find(UserOfName, name);

    /// <summary>The number of a group; null if there is none of this name.</summary>
    public static uint? FindGroup(string name) => Find(GroupOfName, name);

    // Both structs begin with the name, the password and the number.
    private static uint? Find(Func<string, nint> find, string name)
    {
        if (OperatingSystem.IsWindows())
            return null;
        var found = find(name);
        return found == 0 ? null : (uint)Marshal.ReadInt32(found, 2 * nint.Size);
    }

    [LibraryImport("libc", EntryPoint = "getpwnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint UserOfName(string name);

    [LibraryImport("libc", EntryPoint = "getgrnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GroupOfName(string name);
}
