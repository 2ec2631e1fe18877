using System.Runtime;

namespace ClawGrpc.Testing;

/// <summary>
/// What is alive in this process. Free space between the living is not: how much of it there is depends on how busy the
/// machine is.
/// </summary>
internal static class Alive
{
    /// <summary>In bytes, after everything that can be collected was, and what is left was moved together.</summary>
    public static long Bytes()
    {
        // What has a finalizer is collected only after it ran.
        for (var times = 0; times < 2; times++)
        {
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
