using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Commands;

/// <summary>The text after a credential was stored, in OpenClaw's words.</summary>
internal static class Announcement
{
    /// <summary>Writes the configuration file and the profile, then the notices to standard error.</summary>
    public static void Write(Invocation invocation, string configPath, string profile, IEnumerable<string> notices)
    {
        invocation.Out.Write($"Updated {invocation.Environment.ShortPath(configPath)}\nAuth profile: {profile}\n");
        invocation.Out.Flush();
        WriteNotices(invocation, notices);
    }

    /// <summary>Writes the terms and cautions of a credential to standard error.</summary>
    public static void WriteNotices(Invocation invocation, IEnumerable<string> notices)
    {
        foreach (var notice in notices)
            invocation.Error.Write($"Note: {notice}\n");
    }
}
