using System.CommandLine;
using System.Diagnostics;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Commands;

/// <summary>
/// <c>claw import DIR</c> and <c>claw export DIR</c>: the state of a folder into the database of replicas, and back. They run the
/// server's commands of the same names: the server has the database and the keys, and this program has neither.
/// </summary>
internal static class TransferCommands
{
    private const string Server = "clawgrpc";

    /// <summary>Creates the command.</summary>
    /// <param name="globals">What every command has.</param>
    public static Command Import(Globals globals) => Create(
        globals, "import", "Bring the state of a folder into the database of replicas (runs clawgrpc import)");

    /// <inheritdoc cref="Import"/>
    public static Command Export(Globals globals) => Create(
        globals, "export", "Write the state in the database of replicas into a folder (runs clawgrpc export)");

    private static Command Create(Globals globals, string name, string description)
    {
        var folder = new Argument<string>("dir") { Description = "Folder, of ClawGrpc or of OpenClaw and its earlier names" };
        var sealKey = new Option<string?>("--seal-key")
        {
            Description = "File of the key that secrets are sealed with",
            HelpName = "path",
        };
        return globals.Command(name, description, [folder, sealKey], async (invocation, cancellation) =>
        {
            var program = FindServer(globals.Environment.Variable) ?? throw CliFailure.Failed(
                $"{Server} is not on this machine. Run where it is, with CLAWGRPC_DSN set: {Server} {name} DIR");
            string[] more = invocation.Get(sealKey) is { } file ? [sealKey.Name, file] : [];
            using var process = Process.Start(
                new ProcessStartInfo(program, [name, invocation.Get(folder)!, .. more]) { UseShellExecute = false })
                ?? throw CliFailure.Failed($"{program} could not be started.");
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode;
        });
    }

    // Both programs are installed side by side.
    private static string? FindServer(Func<string, string?> environment) => (environment("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Prepend(AppContext.BaseDirectory)
        .Select(folder => Path.Combine(folder, Server)).FirstOrDefault(File.Exists);
}
