using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;

namespace ClawGrpc.Cli;

/// <summary>The action behind <c>--version</c>.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        var version = typeof(VersionAction).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        parseResult.InvocationConfiguration.Output.Write($"claw {version}\n");
        return 0;
    }
}
