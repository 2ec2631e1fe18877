using System.CommandLine;

namespace ClawGrpc.Server.Hosting;

/// <summary>What the command line asks for.</summary>
/// <param name="StateDir">The state folder; null for that of the environment, or the default.</param>
/// <param name="Listen">Where to listen; empty: on the socket in the state folder alone.</param>
internal sealed record CommandLine(string? StateDir, IReadOnlyList<string> Listen)
{
    // As of every other start that cannot be, and of claw's wrong calls (openclaw-spec.md, section 7.2).
    private const int UsageError = 1;

    /// <summary>
    /// Reads the arguments and runs the server; prints help, version or what is wrong instead when that is called for.
    /// </summary>
    public static async Task<int> RunAsync(string[] args, Func<CommandLine, Task<int>> serve)
    {
        var stateDir = new Option<string?>("--state-dir")
        {
            Description = "The folder of profiles and configuration (else CLAWGRPC_STATE_DIR, else ~/.clawgrpc).",
            HelpName = "DIR",
        };
        var listen = new Option<string[]>("--listen")
        {
            Description = "unix:PATH or http://127.0.0.1:PORT; may be repeated (default: unix:<state>/clawgrpc.sock). Port 0 "
                + "takes a free one.",
            HelpName = "ADDRESS",
            AllowMultipleArgumentsPerToken = false,
        };
        var root = new RootCommand(
            "ClawGrpc: holds the Claude credentials of a fleet of agents, so that no other program has to.\n\n"
            + "Upstream is models.providers.anthropic.baseUrl of the configuration, else ANTHROPIC_BASE_URL, else "
            + "https://api.anthropic.com.")
        {
            stateDir,
            listen,
        };
        root.SetAction((result, _) => serve(new CommandLine(result.GetValue(stateDir), result.GetValue(listen) ?? [])));
        var parsed = root.Parse(args);
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
        foreach (var error in parsed.Errors)
            await Console.Error.WriteLineAsync($"Error: {error.Message}");
        await Console.Error.WriteLineAsync("Try: clawgrpc --help");
        return UsageError;
    }
}
