using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>A real gRPC server that answers from a script and records its requests.</summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private ScriptedServer(WebApplication application, Script script)
    {
        _application = application;
        Script = script;
    }

    /// <summary>Its answers, and the requests that it received.</summary>
    public Script Script { get; }

    /// <summary>Starts a server.</summary>
    /// <param name="socketPath">Its Unix socket.</param>
    /// <param name="script">Its answers; null to answer UNIMPLEMENTED to everything.</param>
    public static async Task<ScriptedServer> StartAsync(string socketPath, Script? script = null)
    {
        script ??= new Script();
        File.Delete(socketPath);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.ListenUnixSocket(socketPath, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(script);
        // Stopping breaks open streams at once.
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(options => options.ShutdownTimeout = TimeSpan.Zero);
        var application = builder.Build();
        application.MapGrpcService<ScriptedAuthService>();
        application.MapGrpcService<ScriptedModelService>();
        await application.StartAsync();
        return new ScriptedServer(application, script);
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();
}
