using System.Text;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// The login of the Claude CLI on this host: read whenever it is needed, never written (openclaw-spec.md, section 3.5).
/// </summary>
internal sealed class ClaudeLoginFile(StateFolder folder, Func<string, string?> environment)
{
    /// <summary>Absolute; <c>CLAUDE_CONFIG_DIR</c> moves it as it does for the CLI.</summary>
    public string Path { get; } = folder.Expand(System.IO.Path.Join(
        environment("CLAUDE_CONFIG_DIR") is { } named && !string.IsNullOrWhiteSpace(named) ? named : "~/.claude",
        ".credentials.json"));

    /// <summary>The path as people read it.</summary>
    public string ShortPath => folder.Short(Path);

    /// <summary>The login now; null if there is none that can be read.</summary>
    public Credential? Read()
    {
        try
        {
            return WholeFile.Read(Path) is { } bytes ? ClaudeLogin.Parse(Encoding.UTF8.GetString(bytes)) : null;
        }
        catch (StateUnreadableException)
        {
            return null;
        }
    }
}
