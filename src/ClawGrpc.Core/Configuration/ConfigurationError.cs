namespace ClawGrpc.Core.Configuration;

/// <summary>What is wrong with a configuration file, and where.</summary>
/// <param name="File">
/// The file's path: the configuration itself or one that it includes; empty for the environment of the process.
/// </param>
/// <param name="Line">From 1; 0 if the error has no place.</param>
/// <param name="Column">From 1; 0 where the JSON5 reference says so, for a line break that may not be there.</param>
/// <param name="KeyPath">
/// Such as <c>auth.profiles.anthropic:work.mode</c>; <c>&lt;root&gt;</c> for the whole; empty for a syntax error.
/// </param>
/// <param name="Reason">
/// In the words of OpenClaw (openclaw-spec.md, section 1.2), such as <c>Unrecognized key: "x"</c>. Never holds a secret.
/// </param>
internal sealed record ConfigurationError(string File, int Line, int Column, string KeyPath, string Reason)
{
    /// <summary>The key path of the whole document.</summary>
    public const string Root = "<root>";

    /// <summary>Path and reason as OpenClaw prints them: <c>auth.profiles.a.mode: Invalid input</c>.</summary>
    public string Problem => KeyPath.Length == 0 ? Reason : $"{KeyPath}: {Reason}";

    /// <summary>The file, with line and column if the error has them.</summary>
    public string Place => File.Length == 0 ? "environment" : Line > 0 ? $"{File}:{Line}:{Column}" : File;

    /// <summary><c>clawgrpc.json:3:14: auth.profiles.a.mode: Invalid input</c></summary>
    public override string ToString() => $"{File}:{Line}:{Column}: {Problem}";
}
