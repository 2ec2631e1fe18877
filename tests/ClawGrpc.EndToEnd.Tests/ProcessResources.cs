using System.Globalization;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>What a process holds, as Linux tells it.</summary>
internal static class ProcessResources
{
    private const string SynSent = "02";

    /// <summary>Its working set, in kilobytes.</summary>
    public static long WorkingSet(int process) => long.Parse(
        File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    /// <summary>Its open sockets.</summary>
    public static int Sockets(int process) => new DirectoryInfo($"/proc/{process}/fd").EnumerateFiles().Count(IsSocket);

    public static int Threads(int process) => Directory.EnumerateDirectories($"/proc/{process}/task").Count();

    /// <summary>Connections to a port that are still being made, by whomever.</summary>
    public static int Connecting(int port) =>
        new[] { "/proc/net/tcp", "/proc/net/tcp6" }.SelectMany(table => File.ReadLines(table).Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Count(fields => fields[3] == SynSent && fields[2].EndsWith($":{port:X4}", StringComparison.Ordinal));

    private static bool IsSocket(FileInfo file)
    {
        try
        {
            return file.LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            // Closed in between.
            return false;
        }
    }
}
