using System.CommandLine;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Commands;

/// <summary>A command that requires a subcommand, as in OpenClaw: by itself it prints its help to standard error and
/// fails.</summary>
internal sealed class VerbGroup : Command
{
    public VerbGroup(string name, string description, params Command[] commands)
        : base(name, description)
    {
        foreach (var command in commands)
            Add(command);
        SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output = parsed.InvocationConfiguration.Error;
            HelpText.Write(parsed);
            return 1;
        });
    }
}
