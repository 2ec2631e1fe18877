namespace ClawGrpc.Cli.Invocations;

/// <summary>A named server, and how its calls show who calls.</summary>
/// <param name="Name">Letters, digits, dots, dashes and underscores.</param>
/// <param name="Server">An endpoint, as <c>--endpoint</c> takes it.</param>
internal sealed record ServerContext(string Name, string Server)
{
    /// <summary>The name that stands for no context: the server of the environment, or that of the state folder.</summary>
    public const string NoName = "default";

    private const int LongestName = 64;

    /// <summary>The file with the token, absolute; null if there is none.</summary>
    public string? TokenFile { get; init; }

    /// <summary>The CA's file, absolute; null for the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>The agent of commands without <c>--agent</c>; null for the default agent.</summary>
    public string? Agent { get; init; }

    /// <summary>What is wrong with a name for a new context; null if nothing is.</summary>
    public static string? ProblemOf(string name) =>
        name == NoName ? $"The name {NoName} stands for no context."
        : name.Length is > 0 and <= LongestName && char.IsAsciiLetterOrDigit(name[0])
            && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-')
            ? null
            : $"A context's name has letters, digits, dots, dashes and underscores, at most {LongestName}.";
}
