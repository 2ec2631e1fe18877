using System.Net;
using System.Net.Sockets;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Status;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Gateway.Upstream;
using ClawGrpc.Server.Access;
using ClawGrpc.Server.Grpc;
using ClawGrpc.Server.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ClawGrpc.Server.Hosting;

/// <summary>A start that cannot be: one clear error, exit code 1, nothing changed.</summary>
internal sealed class StartException(string message) : Exception(message);

/// <summary>Puts the server together and runs it.</summary>
internal static class ServerHost
{
    public static async Task<int> RunAsync(CommandLine command)
    {
        try
        {
            Sockets.CreateForOwnerOnly();
            var folder = StateFolder.Resolve(
                command.StateDir, Environment.GetEnvironmentVariable, Environment.GetFolderPath(
                    Environment.SpecialFolder.UserProfile));
            var listening = Listening.Of(command, folder);
            folder.Create();
            using var oneServer = ServerLock.Acquire(folder);
            var app = await BuildAsync(folder, listening, TimeProvider.System);
            using var hangup = Shutdown.ReloadOnHangup(app);
            await StartAsync(app, listening);
            if (!await Shutdown.WaitAsync(app))
            {
                await Console.Error.WriteLineAsync(
                    $"Warning: not all was written within {Shutdown.Longest.TotalSeconds:0} s: a lock or a file stood in the way.");
            }
            await Console.Error.WriteLineAsync("clawgrpc stopped");
            return 0;
        }
        catch (Exception exception) when (exception is StartException or UnusableConfigurationException
            or StateFolderInUseException or StateUnreadableException or StateNotWrittenException
            or UnauthorizedAccessException or IOException or ArgumentException or NotSupportedException or SocketException)
        {
            await Console.Error.WriteLineAsync($"Error: {exception.Message}");
            return 1;
        }
    }

    // The configuration is read from the store, and says where some agents' files are: it is asked when an agent is.
    private static FileStore FilesOf(IServiceProvider services) => new(
        services.GetRequiredService<StateFolder>(),
        agentId => services.GetRequiredService<LiveConfiguration>().Current.Configuration.Agents.Find(agentId)?.AgentDir,
        services.GetRequiredService<TimeProvider>());

    /// <summary>Everything but the start: tests give it a clock of their own, and read along in the log.</summary>
    public static async Task<WebApplication> BuildAsync(
        StateFolder folder, Listening listening, TimeProvider time, ILoggerProvider? log = null)
    {
        folder.Create();
        foreach (var socket in listening.Addresses.Concat(listening.Http).OfType<ListenAddress.UnixSocket>())
        {
            StateFolder.MakeUsable(Path.GetDirectoryName(socket.Path)!, "The socket's folder");
            if (!Sockets.TryRemoveStale(socket.Path))
            {
                throw new StartException(
                    $"{socket} is in use by another program, or is no socket. Choose another --listen, or remove the file.");
            }
        }

        // The other builders look for ASP.NET Core's own configuration in the content root, and have the system watch every
        // folder below it.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = folder.Path });
        builder.WebHost.UseKestrelCore();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);

        // Request logging at its default level costs several times the CPU of a whole relayed call. What the call handler would
        // log, the interceptor says of faults, and callers are told of their mistakes. An activity, too, is begun for every
        // request that might be logged.
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("ClawGrpc", LogLevel.Information)
            .AddFilter("Grpc.AspNetCore.Server.ServerCallHandler", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            .AddFilter("ClawGrpc.Server.Access", LogLevel.Warning)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.None).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        if (log is not null)
            builder.Logging.AddProvider(log);
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, listening));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Shutdown.Connections);
        AddServices(builder.Services, folder, time);
        AccessControl.Add(builder.Services, listening.InsecureLoopback);
        MessagesFace.Add(builder.Services);
        var app = builder.Build();
        app.Use(app.Services.GetRequiredService<StoppedCalls>().CutAsync);
        app.Use(UnreadRequests.ExplainAsync);
        MessagesFace.Separate(app);
        AccessControl.Use(app);
        app.Use(app.Services.GetRequiredService<RequestBudget>().HoldAsync);
        MessagesFace.Map(app);
        app.MapGrpcService<AuthService>().Guard();
        app.MapGrpcService<ModelService>().Guard();
        app.MapGrpcService<AccessService>().Guard();
        app.MapGrpcReflectionService().Guard();
        app.MapGrpcHealthChecksService().AllowAnonymous();
        await app.Services.GetRequiredService<LiveConfiguration>().StartAsync();
        await app.Services.GetRequiredService<Clients>().LoadAsync();
        await app.Services.GetRequiredService<Budgets>().LoadAsync();
        if (listening.HasGuardedPort)
            await AdminToken.EnsureAsync(app.Services.GetRequiredService<Clients>(), folder);
        RefuseWritableByOthers(app);
        var fleet = app.Services.GetRequiredService<Fleet>();
        await fleet.NoteOriginsAsync();

        // The keys of the environment belong to the upstream of this start.
        app.Services.GetRequiredService<AgentSetups>().Of(fleet.DefaultId);
        return app;
    }

    private static void AddServices(IServiceCollection services, StateFolder folder, TimeProvider time)
    {
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = UnreadRequests.MaxMessageBytes;
            grpc.MaxSendMessageSize = null;
            grpc.Interceptors.Add<ErrorInterceptor>();
        });
        services.AddGrpcHealthChecks(health =>
        {
            foreach (var service in new[] { V1.AuthService.Descriptor, V1.ModelService.Descriptor, V1.AccessService.Descriptor })
                health.Services.Map(service.FullName, static _ => true);
        }).AddCheck<Readiness>("ready");
        services.AddGrpcReflection();
        services.AddSingleton(time).AddSingleton(folder).AddSingleton<StoppedCalls>()
            .AddSingleton(new ClaudeLoginFile(folder, Environment.GetEnvironmentVariable))
            .AddSingleton<Connections>()
            .AddSingleton<AnthropicApi>().AddSingleton<TokenEndpoint>().AddSingleton<SessionPins>().AddSingleton<Completion>()
            .AddSingleton<ModelCatalog>().AddSingleton<Probes>().AddSingleton<StateWatch>()
            .AddSingleton<LiveConfiguration>().AddSingleton<Fleet>().AddSingleton<IStateStore>(FilesOf)
            .AddSingleton<SecretResolver>().AddSingleton<AgentSetups>().AddSingleton<ProfileReport>()
            .AddSingleton<AuthReport>().AddSingleton<StatusReport>().AddSingleton<StatusBoard>()
            .AddSingleton<CallReader>().AddSingleton<RequestBudget>()
            .AddSingleton(_ => ServerKey.Load(folder, Environment.GetEnvironmentVariable))
            .AddSingleton<ErrorInterceptor>().AddSingleton<AuthService>().AddSingleton<ModelService>()
            .AddSingleton<AccessService>()
            .AddHostedService(provider => provider.GetRequiredService<StateWatch>());
    }

    private static void Listen(KestrelServerOptions kestrel, Listening listening)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.InitialStreamWindowSize = 1024 * 1024;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 4 * 1024 * 1024;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
        foreach (var address in listening.Addresses)
            Listen(kestrel, address, static options => options.Protocols = HttpProtocols.Http2);

        // Without TLS, one port cannot serve HTTP/1.1 and the HTTP/2 of gRPC.
        foreach (var address in listening.Http)
        {
            Listen(kestrel, address, static options =>
            {
                options.Protocols = HttpProtocols.Http1;
                options.Use(MessagesFace.Mark);
            });
        }
    }

    private static void Listen(KestrelServerOptions kestrel, ListenAddress address, Action<ListenOptions> configure)
    {
        switch (address)
        {
            case ListenAddress.UnixSocket socket:
                kestrel.ListenUnixSocket(socket.Path, options =>
                {
                    configure(options);
                    options.Use(PeerCredentials.Read);
                });
                break;
            case ListenAddress.Loopback tcp:
                kestrel.Listen(new IPEndPoint(tcp.Address, tcp.Port), configure);
                break;
        }
    }

    // Those of the configuration, which the state folder does not show.
    private static void RefuseWritableByOthers(WebApplication app)
    {
        var configured = app.Services.GetRequiredService<LiveConfiguration>().Current.Configuration.Agents.List;
        var folder = app.Services.GetRequiredService<StateFolder>();
        StateFolder.RefuseWritableByOthers(configured.Select(agent => agent.AgentDir).OfType<string>().Select(folder.Expand));
    }

    private static async Task StartAsync(WebApplication app, Listening listening)
    {
        var addresses = listening.Addresses.Concat(listening.Http).ToList();
        try
        {
            await app.StartAsync();
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new StartException($"{exception.Message.TrimEnd('.')}. Choose another --listen; port 0 takes a free one.");
        }
        catch (SocketException exception)
        {
            var failed = addresses.FirstOrDefault(address => !Sockets.CanBind(address)) ?? addresses[0];
            throw new StartException(failed is ListenAddress.Loopback { Port: > 0 and < 1024 }
                && exception.SocketErrorCode == SocketError.AccessDenied
                ? $"Failed to bind to address {failed}: ports below 1024 take a privilege (CAP_NET_BIND_SERVICE). "
                    + "Choose another --listen; port 0 takes a free one."
                : $"Failed to bind to address {failed}: {exception.Message}. Choose another --listen.");
        }

        foreach (var socket in addresses.OfType<ListenAddress.UnixSocket>())
        {
            if (listening.SocketGroup is { } group)
                Posix.GiveToGroup(socket.Path, group);
            File.SetUnixFileMode(socket.Path, listening.SocketMode);
        }

        if (listening.InsecureLoopback && addresses.OfType<ListenAddress.Loopback>().Any())
        {
            await Console.Error.WriteLineAsync("Warning: callers are not authenticated: every program on this machine can use "
                + "a loopback port (--insecure-loopback). Prefer unix:PATH, or give clients tokens.");
        }
        var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(address => address.StartsWith("http://unix:", StringComparison.Ordinal)
            ? address["http://".Length..]
            : address);
        await Console.Out.WriteLineAsync($"clawgrpc ready on {string.Join(", ", bound)}");
        await Console.Out.FlushAsync();
    }
}
