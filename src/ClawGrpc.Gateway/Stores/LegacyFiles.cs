using System.Text;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>Takes over the credentials of before there were profiles, once (openclaw-spec.md, section 1.3).</summary>
internal static class LegacyFiles
{
    /// <summary>
    /// Imports them when the agent has no profiles yet. The agent's old file is deleted after the new one is on disk; the logins
    /// stay.
    /// </summary>
    /// <param name="store">The agent's profiles.</param>
    /// <param name="loginsPath">The file of logins; null if it is not this agent's.</param>
    /// <exception cref="StateUnreadableException">A file cannot be read.</exception>
    /// <exception cref="StateNotWrittenException">The new file cannot be written; the old one is left as it is.</exception>
    public static async Task ImportAsync(AgentStore store, string? loginsPath)
    {
        var oldPath = Path.Join(store.Directory, "auth.json");
        if (File.Exists(store.Path))
            return;
        if (LegacyProfiles.Read(TextOf(oldPath), loginsPath is null ? null : TextOf(loginsPath)) is not { } import)
            return;
        await store.UpdateAsync(import);
        if (File.Exists(oldPath))
            File.Delete(oldPath);
    }

    private static string? TextOf(string path) => WholeFile.Read(path) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;
}
