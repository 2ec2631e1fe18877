using System.Net;
using System.Net.Sockets;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Status;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Gateway.Upstream;
using ClawGrpc.Server.Grpc;
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
            var addresses = AddressesOf(command, folder);
            folder.Create();
            using var oneServer = ServerLock.Acquire(folder);
            var app = await BuildAsync(folder, addresses, TimeProvider.System);
            using var hangup = Shutdown.ReloadOnHangup(app);
            await StartAsync(app, addresses);
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
        services.GetRequiredService<TimeProvider>(), keys: services.GetRequiredService<SealingKeys>());

    // Before anything sealed is read, and whenever the configuration changes.
    private static void UseSealingKeys(IServiceProvider services)
    {
        var (configuration, keys) =
            (services.GetRequiredService<LiveConfiguration>(), services.GetRequiredService<SealingKeys>());
        configuration.Changed += Use;
        Use();

        void Use() => keys.Use(configuration.Current.Configuration.Service.Seal, configuration.Origin);
    }

    private static List<ListenAddress> AddressesOf(CommandLine command, StateFolder folder)
    {
        var texts = command.Listen.Count > 0 ? command.Listen : [$"unix:{Path.Join(folder.Path, "clawgrpc.sock")}"];
        var parsed = texts.Select(ListenAddress.Parse).ToList();
        var errors = parsed.Where(each => each.Error is not null).Select(each => each.Error!).ToList();
        return errors.Count == 0
            ? [.. parsed.Select(each => each.Address!).Distinct()]
            : throw new StartException(string.Join(Environment.NewLine, errors));
    }

    /// <summary>Everything but the start: tests give it a clock of their own, and read along in the log.</summary>
    public static async Task<WebApplication> BuildAsync(
        StateFolder folder, IReadOnlyList<ListenAddress> addresses, TimeProvider time, ILoggerProvider? log = null)
    {
        folder.Create();
        foreach (var socket in addresses.OfType<ListenAddress.UnixSocket>())
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
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.None).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        if (log is not null)
            builder.Logging.AddProvider(log);
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, addresses));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Shutdown.Connections);
        AddServices(builder.Services, folder, time);
        var app = builder.Build();
        app.Use(app.Services.GetRequiredService<StoppedCalls>().CutAsync);
        app.Use(UnreadRequests.ExplainAsync);
        app.Use(app.Services.GetRequiredService<RequestBudget>().HoldAsync);
        app.MapGrpcService<AuthService>();
        app.MapGrpcService<ModelService>();
        app.MapGrpcHealthChecksService();
        app.MapGrpcReflectionService();
        await app.Services.GetRequiredService<LiveConfiguration>().StartAsync();
        RefuseWritableByOthers(app);
        UseSealingKeys(app.Services);
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
            foreach (var service in new[] { V1.AuthService.Descriptor, V1.ModelService.Descriptor })
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
            .AddSingleton(provider => new SealingKeys(
                folder, Environment.GetEnvironmentVariable, provider.GetRequiredService<ILogger<SealingKeys>>()))
            .AddSingleton<FleetSealing>().AddSingleton<SealingCalls>()
            .AddSingleton<CallReader>().AddSingleton<RequestBudget>()
            .AddSingleton<ErrorInterceptor>().AddSingleton<AuthService>().AddSingleton<ModelService>()
            .AddHostedService(provider => provider.GetRequiredService<StateWatch>());
    }

    private static void Listen(KestrelServerOptions kestrel, IReadOnlyList<ListenAddress> addresses)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.InitialStreamWindowSize = 1024 * 1024;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 4 * 1024 * 1024;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
        foreach (var address in addresses)
        {
            switch (address)
            {
                case ListenAddress.UnixSocket socket:
                    kestrel.ListenUnixSocket(socket.Path, options => options.Protocols = HttpProtocols.Http2);
                    break;
                case ListenAddress.Loopback tcp:
                    kestrel.Listen(new IPEndPoint(tcp.Address, tcp.Port), options => options.Protocols = HttpProtocols.Http2);
                    break;
            }
        }
    }

    // Those of the configuration, which the state folder does not show.
    private static void RefuseWritableByOthers(WebApplication app)
    {
        var configured = app.Services.GetRequiredService<LiveConfiguration>().Current.Configuration.Agents.List;
        var folder = app.Services.GetRequiredService<StateFolder>();
        StateFolder.RefuseWritableByOthers(configured.Select(agent => agent.AgentDir).OfType<string>().Select(folder.Expand));
    }

    private static async Task StartAsync(WebApplication app, List<ListenAddress> addresses)
    {
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
            File.SetUnixFileMode(socket.Path, AtomicFile.OwnerOnly);
        if (addresses.OfType<ListenAddress.Loopback>().Any())
        {
            await Console.Error.WriteLineAsync("Warning: callers are not authenticated: every program on this machine can use "
                + "a loopback port. Prefer unix:PATH.");
        }
        var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(address => address.StartsWith("http://unix:", StringComparison.Ordinal)
            ? address["http://".Length..]
            : address);
        await Console.Out.WriteLineAsync($"clawgrpc ready on {string.Join(", ", bound)}");
        await Console.Out.FlushAsync();
    }
}
