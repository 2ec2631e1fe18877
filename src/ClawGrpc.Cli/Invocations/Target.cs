using System.CommandLine;
using ClawGrpc.Client;

namespace ClawGrpc.Cli.Invocations;

/// <summary>The server that a command line calls, and how.</summary>
/// <param name="Endpoint">Where the server listens.</param>
/// <param name="Options">How calls show who calls.</param>
/// <param name="AgentId">The agent; empty for the default agent.</param>
internal sealed record Target(ClawGrpcEndpoint Endpoint, ClawGrpcOptions Options, string AgentId)
{
    private const string ContextVariable = "CLAW_CONTEXT";

    // A server that the environment names counts more than a context that was once chosen.
    private static readonly string[] ServerVariables =
        [ClawGrpcEndpoint.EndpointVariable, ClawGrpcEndpoint.StateDirectoryVariable];

    /// <summary>
    /// Resolves a command line: options count more than <c>--context</c>, that more than the environment, and that more than the
    /// current context. The token and the CA of a context go to its own server only.
    /// </summary>
    /// <exception cref="CliFailure">The value of an option or variable is wrong, or there is no such context.</exception>
    public static Target Of(ParseResult parsed, Globals globals)
    {
        var environment = globals.Environment;
        var (endpoint, asked) = (parsed.GetValue(globals.Endpoint), parsed.GetValue(globals.Context)?.Trim());
        if (!string.IsNullOrWhiteSpace(endpoint) && !string.IsNullOrEmpty(asked))
            throw CliFailure.Failed("Choose either --endpoint or --context, not both.");
        var context = string.IsNullOrWhiteSpace(endpoint) ? Context(environment, asked) : null;
        var isAsked = !string.IsNullOrEmpty(asked);
        try
        {
            return new Target(
                ClawGrpcEndpoint.Resolve(context?.Server ?? endpoint, environment.Variable),
                new ClawGrpcOptions
                {
                    TokenFile = parsed.GetValue(globals.TokenFile) ?? Unless(
                        !isAsked && (IsSet(ClawGrpcOptions.TokenFileVariable) || IsSet(ClawGrpcOptions.TokenVariable)),
                        context?.TokenFile),
                    CaFile = parsed.GetValue(globals.Ca) ?? Unless(
                        !isAsked && IsSet(ClawGrpcOptions.CaFileVariable), context?.CaFile),
                    Environment = environment.Variable,
                },
                parsed.GetValue(globals.Agent)?.Trim() ?? context?.Agent ?? "");
        }
        catch (FormatException exception)
        {
            throw CliFailure.Failed(exception.Message);
        }

        bool IsSet(string variable) => !string.IsNullOrWhiteSpace(environment.Variable(variable));
    }

    /// <summary>The variable that counts more than the current context; null if none does.</summary>
    public static string? Override(CliEnvironment environment) => ServerVariables.Prepend(ContextVariable)
        .FirstOrDefault(variable => !string.IsNullOrWhiteSpace(environment.Variable(variable)));

    // As Docker does with DOCKER_HOST and DOCKER_CONTEXT.
    private static ServerContext? Context(CliEnvironment environment, string? asked)
    {
        var name = asked is { Length: > 0 } ? asked
            : !string.IsNullOrWhiteSpace(environment.Variable(ClawGrpcEndpoint.EndpointVariable)) ? null
            : environment.Variable(ContextVariable)?.Trim() is { Length: > 0 } variable ? variable
            : Override(environment) is null ? ContextFile.Read(environment).Current
            : null;
        return name is null or ServerContext.NoName ? null : ContextFile.Read(environment).Find(name);
    }

    private static string? Unless(bool condition, string? value) => condition ? null : value;
}
