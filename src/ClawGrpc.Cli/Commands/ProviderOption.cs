using System.CommandLine;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Commands;

/// <summary>The <c>--provider</c> of the auth commands.</summary>
internal static class ProviderOption
{
    public static Option<string?> Create() => new("--provider")
    {
        Description = "Provider id (e.g. anthropic)",
        HelpName = "name",
    };

    /// <summary>The option's value.</summary>
    /// <exception cref="CliFailure">There is no value; OpenClaw's words and exit code (openclaw-spec.md, section
    /// 7.2).</exception>
    public static string Required(Invocation invocation, Option<string?> provider) =>
        invocation.Get(provider)?.Trim() is { Length: > 0 } name ? name
        : invocation.Has(provider) ? throw CliFailure.Failed("Missing --provider.")
        : throw CliFailure.Verbatim("error: required option '--provider <name>' not specified");
}
