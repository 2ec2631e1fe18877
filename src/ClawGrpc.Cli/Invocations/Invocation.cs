using System.CommandLine;
using ClawGrpc.Cli.Commands;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Net.Client;

namespace ClawGrpc.Cli;

/// <summary>One run of one command: what was asked, the outside, and the server, which is called when it is first needed.</summary>
internal sealed class Invocation : IDisposable
{
    private readonly ParseResult _parsed;
    private readonly Globals _globals;
    private readonly Lazy<GrpcChannel> _channel;

    public Invocation(ParseResult parsed, Globals globals)
    {
        _parsed = parsed;
        _globals = globals;
        Endpoint = EndpointOf(parsed, globals);
        _channel = new Lazy<GrpcChannel>(() => ClawGrpcChannel.Create(Endpoint));
    }

    /// <summary>Where the server listens.</summary>
    public ClawGrpcEndpoint Endpoint { get; }

    public Surroundings Surroundings => _globals.Surroundings;

    public TextWriter Out => Surroundings.Out;

    public TextWriter Error => Surroundings.Error;

    /// <summary>The agent that was named; empty: the default agent.</summary>
    public string AgentId => _parsed.GetValue(_globals.Agent)?.Trim() ?? "";

    public AuthService.AuthServiceClient Auth => new(_channel.Value);

    public ModelService.ModelServiceClient Models => new(_channel.Value);

    /// <summary>The value of an option.</summary>
    public T? Get<T>(Option<T> option) => _parsed.GetValue(option);

    /// <summary>The value of an argument.</summary>
    public T? Get<T>(Argument<T> argument) => _parsed.GetValue(argument);

    /// <summary>Whether an option was given, with or without a value.</summary>
    public bool Has(Option option) => _parsed.GetResult(option) is { Implicit: false };

    /// <summary>Where the server of a command line listens.</summary>
    /// <exception cref="CliFailure">The endpoint that was named cannot be read.</exception>
    public static ClawGrpcEndpoint EndpointOf(ParseResult parsed, Globals globals)
    {
        try
        {
            return ClawGrpcEndpoint.Resolve(parsed.GetValue(globals.Endpoint), globals.Surroundings.Environment);
        }
        catch (FormatException e)
        {
            throw CliFailure.Failed(e.Message);
        }
    }

    public void Dispose()
    {
        if (_channel.IsValueCreated) _channel.Value.Dispose();
    }
}
