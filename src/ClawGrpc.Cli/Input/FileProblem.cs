namespace ClawGrpc.Cli.Input;

/// <summary>Why a file cannot be read or written, in words of this program: those of the runtime name files that nobody asked
/// for.</summary>
internal static class FileProblem
{
    /// <summary>Whether an exception says so.</summary>
    public static bool Is(Exception exception) => exception is IOException or UnauthorizedAccessException or ArgumentException;

    /// <summary>The problem and the way out, after the name of the file: <c>there is no folder /a. Make it, or …</c></summary>
    /// <param name="exception">What the runtime threw.</param>
    /// <param name="path">The file.</param>
    public static string Of(Exception exception, string path) => exception switch
    {
        ArgumentException => "this is not a path. Name a file.",
        _ when Directory.Exists(path) => "this is a folder. Name a file.",
        FileNotFoundException => "there is no such file. Name one that is there.",
        DirectoryNotFoundException =>
            $"there is no folder {Path.GetDirectoryName(Path.GetFullPath(path))}. Make it, or name another file.",
        UnauthorizedAccessException => "you have no permission for it. Change that, or name another file.",
        _ => exception.Message,
    };
}
