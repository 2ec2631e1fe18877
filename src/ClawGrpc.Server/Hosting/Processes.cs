using System.Runtime.InteropServices;

namespace ClawGrpc.Server.Hosting;

/// <summary>The end of this process.</summary>
internal static partial class Processes
{
    /// <summary>Ends it now, without waiting for anything.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void Exit(int code);
}
