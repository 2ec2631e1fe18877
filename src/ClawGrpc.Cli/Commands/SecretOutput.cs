using System.CommandLine;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary>Where a token goes that is shown once: to standard output, alone, or to a file.</summary>
internal sealed record SecretOutput
{
    private const int MostBytes = 4096;

    private Option<string?> ToFile { get; } = new("--to-file")
    {
        Description = "Write it to this file, for its owner alone, and do not print it",
        HelpName = "path",
    };

    private Option<bool> AsJson { get; } = ClientsCommand.JsonOption();

    public IEnumerable<Option> All => [ToFile, AsJson];

    /// <summary>Makes a token and writes it.</summary>
    /// <param name="invocation">The invocation.</param>
    /// <param name="replaces">Whether it may take the place of the token in that file.</param>
    /// <param name="makeAsync">Makes it.</param>
    /// <exception cref="CliFailure">The file cannot be written, or holds something else.</exception>
    public async Task<int> RunAsync(
        Invocation invocation, bool replaces, Func<Task<(string Secret, ClientToken Token)>> makeAsync)
    {
        if (invocation.Get(ToFile) is not { } path)
        {
            var (secret, token) = await makeAsync();
            Write(invocation, token, secret, file: null);
            return 0;
        }

        // A file that cannot be written must not cost a token.
        if (File.Exists(path) && !(replaces && HoldsToken(path)))
        {
            var what = replaces ? "exists and holds no token" : "exists";
            throw CliFailure.Failed($"--to-file {path}: the file {what}. Name another file, or delete it.");
        }

        using var file = Prepare(path);
        var made = await makeAsync();
        try
        {
            file.Commit(made.Secret + "\n");
        }
        catch (Exception exception) when (FileProblem.Is(exception))
        {
            throw CliFailure.Failed(
                $"--to-file {path}: {FileProblem.Of(exception, path)} Token {made.Token.TokenId} was made all the same: "
                + $"claw clients token revoke {made.Token.TokenId}");
        }

        Write(invocation, made.Token, secret: null, path);
        return 0;
    }

    private static bool HoldsToken(string path)
    {
        try
        {
            return new FileInfo(path).Length < MostBytes
                && File.ReadAllText(path).StartsWith(Secrets.TokenPrefix, StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static PrivateFile Prepare(string path)
    {
        try
        {
            return PrivateFile.Begin(path);
        }
        catch (Exception exception) when (FileProblem.Is(exception))
        {
            throw CliFailure.Failed($"--to-file {path}: {FileProblem.Of(exception, path)}");
        }
    }

    private void Write(Invocation invocation, ClientToken token, string? secret, string? file)
    {
        if (invocation.Get(AsJson))
        {
            Json.WriteDocument(invocation.Out, json =>
            {
                json.WriteStartObject();
                json.WriteOptional("secret", secret ?? "");
                json.WriteOptional("file", file ?? "");
                ClientJson.WriteMembers(json, token);
                json.WriteEndObject();
            });
        }
        else if (secret is not null)
        {
            invocation.Out.Write(secret + "\n");
        }

        invocation.Out.Flush();
        var where = file is null ? "It is not shown again." : $"It is in {invocation.Environment.ShortPath(file)}.";
        invocation.Error.Write($"Token {ClientText.Of(token, invocation.Environment.Time.GetUtcNow())}.\n{where}\n");
    }
}
