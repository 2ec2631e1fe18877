using System.CommandLine;
using System.Diagnostics;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;
using Spectre.Console;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models auth setup-token</c>: runs <c>claude setup-token</c> if it is installed, then asks for the token
/// (openclaw-spec.md, section 0 and section 7.2).</summary>
internal static class SetupTokenCommand
{
    private const string ProfileId = "anthropic:manual";
    private const string HaveYouRun = "Have you run `claude setup-token` and copied the token?";

    public static Command Create(Globals globals)
    {
        var provider = new Option<string?>("--provider") { Description = "Provider id (default: anthropic)", HelpName = "name" };
        var yes = new Option<bool>("--yes") { Description = "Skip confirmation" };
        const string description = "Run claude setup-token here and store the token it prints";
        return globals.Command("setup-token", description, [provider, yes], async (invocation, cancellation) =>
        {
            if ((invocation.Get(provider)?.Trim().ToLowerInvariant() ?? "anthropic") is not ("anthropic" or ""))
                throw CliFailure.Failed("Only --provider anthropic is supported for setup-token (uses `claude setup-token`).");
            if (!invocation.Environment.InputIsTerminal)
                throw CliFailure.Failed("setup-token requires an interactive TTY.");
            await AskAsync(invocation, invocation.Get(yes), cancellation);
            return 0;
        });
    }

    /// <summary>Runs the Claude CLI if it is installed, asks for the token and stores it.</summary>
    /// <param name="invocation">The command.</param>
    /// <param name="agreed">Whether to run it without asking.</param>
    /// <param name="cancellation">Ends the command.</param>
    public static async Task AskAsync(Invocation invocation, bool agreed, CancellationToken cancellation)
    {
        var console = invocation.Environment.PromptConsole();
        if (FindClaude(invocation.Environment.Variable) is { } claude)
        {
            if (agreed || await Prompts.ConfirmAsync(console, "Run `claude setup-token` now?", defaultAnswer: true, cancellation))
                await RunAsync(claude, cancellation);
        }
        else if (!agreed && !await Prompts.ConfirmAsync(console, HaveYouRun, defaultAnswer: true, cancellation))
        {
            return;
        }

        var stored = await StoredKinds.ReadAsync(invocation, cancellation);
        if (!await stored.MayReplaceAsync(invocation, CredentialType.Token, ProfileId, cancellation))
            throw new PromptEndedException(interrupted: false);
        while (true)
        {
            var token = await Prompts.SecretAsync(
                console, "Paste Anthropic setup-token", cancellation, CredentialShape.TokenProblem);
            try
            {
                var request = new OnboardRequest
                {
                    AgentId = invocation.AgentId,
                    ProfileId = ProfileId,
                    SetupToken = new SetupTokenCredential { Token = token },
                };
                var response = await invocation.Auth.OnboardAsync(request, cancellationToken: cancellation);
                Announcement.Write(invocation, response.ConfigPath, $"{response.ProfileId} (anthropic/token)", response.Notices);
                return;
            }
            catch (RpcException exception) when (ClawGrpcError.From(exception).FieldViolations is { Count: > 0 } violations)
            {
                console.WriteLine(string.Join('\n', violations.Select(violation => violation.Description)));
            }
        }
    }

    private static string? FindClaude(Func<string, string?> environment) => (environment("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, "claude")).FirstOrDefault(File.Exists);

    // Shares this terminal, where the person logs in and sees the token.
    private static async Task RunAsync(string claude, CancellationToken cancellation)
    {
        using var process = Process.Start(new ProcessStartInfo(claude, ["setup-token"]) { UseShellExecute = false })
            ?? throw CliFailure.Failed("claude setup-token could not be started.");
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
            throw CliFailure.Failed($"claude setup-token failed (exit {process.ExitCode})");
    }
}
