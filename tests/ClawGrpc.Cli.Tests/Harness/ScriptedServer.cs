using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
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

    /// <summary>Its port, if it has one.</summary>
    public int Port => new Uri(_application.Urls.Single()).Port;

    /// <summary>Starts a server.</summary>
    /// <param name="socketPath">Its Unix socket.</param>
    /// <param name="script">Its answers; null to answer UNIMPLEMENTED to everything.</param>
    public static Task<ScriptedServer> StartAsync(string socketPath, Script? script = null)
    {
        File.Delete(socketPath);
        return StartAsync(
            script ?? new Script(),
            kestrel => kestrel.ListenUnixSocket(socketPath, listen => listen.Protocols = HttpProtocols.Http2));
    }

    /// <summary>Starts a server on a loopback port.</summary>
    /// <param name="script">Its answers.</param>
    /// <param name="tls">Its TLS; null for none.</param>
    public static Task<ScriptedServer> StartOnPortAsync(Script script, HttpsConnectionAdapterOptions? tls = null) =>
        StartAsync(script, kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (tls is not null)
                listen.UseHttps(tls);
        }));

    private static async Task<ScriptedServer> StartAsync(Script script, Action<KestrelServerOptions> listen)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(listen);
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(script);
        // Stopping breaks open streams at once.
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(options => options.ShutdownTimeout = TimeSpan.Zero);
        var application = builder.Build();
        application.Use((context, next) =>
        {
            script.Authorizations.Enqueue($"{context.Request.Headers.Authorization}");
            return next(context);
        });
        application.MapGrpcService<ScriptedAuthService>();
        application.MapGrpcService<ScriptedModelService>();
        application.MapGrpcService<ScriptedAccessService>();
        await application.StartAsync();
        return new ScriptedServer(application, script);
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();
}
