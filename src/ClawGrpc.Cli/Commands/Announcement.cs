namespace ClawGrpc.Cli.Commands;

/// <summary>What is said after a credential was stored, in OpenClaw's words.</summary>
internal static class Announcement
{
    /// <summary>Says which file names the profile now and which profile it is; then the terms and cautions, on standard error.</summary>
    public static void Write(Invocation invocation, string configPath, string profile, IEnumerable<string> notices)
    {
        invocation.Out.Write($"Updated {invocation.Surroundings.ShortPath(configPath)}\nAuth profile: {profile}\n");
        invocation.Out.Flush();
        WriteNotices(invocation, notices);
    }

    /// <summary>Says the terms and cautions that come with a credential.</summary>
    public static void WriteNotices(Invocation invocation, IEnumerable<string> notices)
    {
        foreach (var notice in notices) invocation.Error.Write($"Note: {notice}\n");
    }
}
