using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>The other side of the wire: a real gRPC server that answers what a test tells it to and remembers what it was asked.</summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private ScriptedServer(WebApplication application, Script script)
    {
        _application = application;
        Script = script;
    }

    /// <summary>What it answers and was asked.</summary>
    public Script Script { get; }

    /// <summary>Starts one.</summary>
    /// <param name="socketPath">Its Unix socket.</param>
    /// <param name="script">What it answers; null: nothing but UNIMPLEMENTED.</param>
    public static async Task<ScriptedServer> StartAsync(string socketPath, Script? script = null)
    {
        script ??= new Script();
        File.Delete(socketPath);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socketPath, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(script);
        // A test that stops the server stops it now: streams under way break.
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(options => options.ShutdownTimeout = TimeSpan.Zero);
        var application = builder.Build();
        application.MapGrpcService<ScriptedAuthService>();
        application.MapGrpcService<ScriptedModelService>();
        await application.StartAsync();
        return new ScriptedServer(application, script);
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();
}
