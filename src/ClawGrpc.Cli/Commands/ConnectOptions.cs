using System.CommandLine;
using ClawGrpc.Cli.Connecting;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Commands;

/// <summary>The options of <c>claw connect</c>.</summary>
internal sealed record ConnectOptions(MessagesClient Target)
{
    public Option<string?> Url { get; } = new("--url")
    {
        Description = "Where the Messages API is served, without /v1 (default: the server's first --http port)",
        HelpName = "url",
    };

    public Option<string?> Client { get; } = new("--client")
    {
        Description = $"Client that it calls as; added if there is none, for one agent (default: {Target.Name})",
        HelpName = "name",
    };

    public Option<string?> Ttl { get; } = new("--ttl")
    {
        Description = "How long the token is valid, such as 30d (default: 90d)",
        HelpName = "duration",
    };

    public Option<bool> Write { get; } = new("--write")
    {
        Description = "Write the settings into its file; what else is there stays, and a token of before is rotated",
    };

    public Option<string?> File { get; } = new("--file")
    {
        Description = "Its file, if not the usual one",
        HelpName = "path",
    };

    public IEnumerable<Option> All => [Url, Client, Ttl, Write, File];

    public string ClientOf(Invocation invocation) =>
        invocation.Get(Client)?.Trim() is { Length: > 0 } name ? name : Target.Name;

    public string FileOf(Invocation invocation) =>
        invocation.Get(File) is { Length: > 0 } path ? path : Target.FileOf(invocation.Environment);

    /// <summary>The URL of <c>--url</c>; null if it was not given.</summary>
    /// <exception cref="CliFailure">It is none.</exception>
    public string? UrlOf(Invocation invocation)
    {
        if (invocation.Get(Url)?.Trim() is not { Length: > 0 } text)
            return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")
            || url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            throw CliFailure.Failed($"--url {text}: expected http://HOST:PORT or https://HOST:PORT.");
        }

        var given = text.TrimEnd('/');
        return given.EndsWith("/v1", StringComparison.Ordinal)
            ? throw CliFailure.Failed($"--url {text}: leave out /v1, clients add it.")
            : given;
    }
}
