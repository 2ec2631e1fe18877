using System.CommandLine;

namespace ClawGrpc.Cli.Commands;

/// <summary>A command that does nothing without one of its own commands, as in OpenClaw: by itself it is a wrong call, which its help answers.</summary>
internal sealed class VerbGroup : Command
{
    public VerbGroup(string name, string description, params Command[] commands)
        : base(name, description)
    {
        foreach (var command in commands) Add(command);
        SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output = parsed.InvocationConfiguration.Error;
            HelpText.Write(parsed);
            return 1;
        });
    }
}
