using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;

namespace ClawGrpc.Cli.Running;

/// <summary>The action of <c>--version</c>.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        var version = typeof(VersionAction).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
        parseResult.InvocationConfiguration.Output.Write($"claw {version?.InformationalVersion}\n");
        return 0;
    }
}
