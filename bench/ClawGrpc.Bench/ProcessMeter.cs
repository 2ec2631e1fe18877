using System.Globalization;
using System.Runtime.InteropServices;

namespace ClawGrpc.Bench;

/// <summary>The CPU time and the memory of a process and of its children, of which it must have all it ever has.</summary>
internal sealed partial class ProcessMeter
{
    private readonly int[] _pids;
    private readonly int[] _clocks;

    public ProcessMeter(int pid)
    {
        _pids = [pid, .. AllProcesses().Where(each => ParentOf(each) == pid)];
        _clocks = [.. _pids.Select(ClockOf)];
    }

    /// <summary>
    /// User and system time of all threads, ended ones included, by the system's clock of the process, which counts nanoseconds
    /// where
    /// <c>/proc/PID/stat</c> counts hundredths of a second.
    /// </summary>
    public TimeSpan Cpu => TimeSpan.FromMicroseconds(_clocks.Sum(Microseconds));

    /// <summary>Resident memory; pages that are shared count for each process.</summary>
    public long ResidentBytes =>
        _pids.Sum(pid => Number(
            File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal))) * 1024);

    private static IEnumerable<int> AllProcesses() => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
        ? pid
        : 0).Where(pid => pid > 0);

    private static long ParentOf(int pid)
    {
        try
        {
            return Number(File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("PPid", StringComparison.Ordinal)));
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return 0;
        }
    }

    private static long Number(string line) => long.Parse(line.Where(char.IsAsciiDigit).ToArray(), CultureInfo.InvariantCulture);

    private static int ClockOf(int pid)
    {
        var error = GetCpuClock(pid, out var clock);
        return error == 0 ? clock : throw new InvalidOperationException($"No CPU clock of process {pid}: error {error}.");
    }

    private static double Microseconds(int clock) => GetTime(clock, out var time) == 0
        ? (time.Seconds * 1e6) + (time.Nanoseconds / 1e3)
        : throw new InvalidOperationException("A process that is measured has ended.");

    [LibraryImport("libc", EntryPoint = "clock_getcpuclockid")]
    private static partial int GetCpuClock(int pid, out int clock);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Timespec time);

    private readonly record struct Timespec(nint Seconds, nint Nanoseconds);
}
