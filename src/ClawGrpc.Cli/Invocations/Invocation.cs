using System.CommandLine;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Net.Client;

namespace ClawGrpc.Cli.Invocations;

/// <summary>One run of one command: its options, its environment, and the server, which it connects to with the first
/// call.</summary>
internal sealed class Invocation : IDisposable
{
    private readonly ParseResult _parsed;
    private readonly Globals _globals;
    private readonly Lazy<Target> _target;
    private readonly Lazy<GrpcChannel> _channel;

    public Invocation(ParseResult parsed, Globals globals)
    {
        _parsed = parsed;
        _globals = globals;
        _target = new Lazy<Target>(() => Target.Of(parsed, globals));
        _channel = new Lazy<GrpcChannel>(Connect);
    }

    /// <summary>Where the server listens.</summary>
    public ClawGrpcEndpoint Endpoint => _target.Value.Endpoint;

    /// <summary>How calls show who calls.</summary>
    public ClawGrpcOptions Options => _target.Value.Options;

    public CliEnvironment Environment => _globals.Environment;

    public TextWriter Out => Environment.Out;

    public TextWriter Error => Environment.Error;

    /// <summary>The agent of <c>--agent</c> or of the context; empty for the default agent.</summary>
    public string AgentId => _target.Value.AgentId;

    /// <summary>The options that every command has.</summary>
    public Globals Globals => _globals;

    public AuthService.AuthServiceClient Auth => new(_channel.Value);

    public ModelService.ModelServiceClient Models => new(_channel.Value);

    public AccessService.AccessServiceClient Access => new(_channel.Value);

    /// <summary>The value of an option.</summary>
    public T? Get<T>(Option<T> option) => _parsed.GetValue(option);

    /// <summary>The value of an argument.</summary>
    public T? Get<T>(Argument<T> argument) => _parsed.GetValue(argument);

    /// <summary>Whether an option was given, with or without a value.</summary>
    public bool Has(Option option) => _parsed.GetResult(option) is { Implicit: false };

    private GrpcChannel Connect()
    {
        try
        {
            return ClawGrpcChannel.Create(Endpoint, Options);
        }
        catch (InvalidOperationException exception)
        {
            throw CliFailure.Failed(exception.Message);
        }
    }

    public void Dispose()
    {
        if (_channel.IsValueCreated)
            _channel.Value.Dispose();
    }
}
