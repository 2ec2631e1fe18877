using System.Collections.Immutable;
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
using ClawGrpc.Server.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

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
            var source = StateSource.Of(command, Environment.GetEnvironmentVariable);
            var app = await BuildAsync(folder, listening, TimeProvider.System, logging: command.Log, source: source);
            using var hangup = Shutdown.ReloadOnHangup(app.Services);
            await StartAsync(app, listening);
            if (!await Shutdown.WaitAsync(app))
            {
                await Console.Error.WriteLineAsync(
                    $"Warning: not all was written within {Shutdown.Longest.TotalSeconds:0} s: a lock or a file stood in the "
                    + "way.");
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

    // Before anything sealed is read, and whenever the configuration changes.
    private static void UseSealingKeys(IServiceProvider services)
    {
        var (configuration, keys) =
            (services.GetRequiredService<LiveConfiguration>(), services.GetRequiredService<SealingKeys>());
        configuration.Changed += Use;
        Use();

        void Use() => keys.Use(configuration.Current.Configuration.Service.Seal, configuration.Origin);
    }

    // Before any file is made, since Kestrel binds when all are.
    private static void RefuseUnlessBindable(Listening listening)
    {
        foreach (var socket in listening.All.OfType<ListenAddress.UnixSocket>())
        {
            StateFolder.MakeUsable(Path.GetDirectoryName(socket.Path)!, "The socket's folder");
            if (!Sockets.TryRemoveStale(socket.Path))
            {
                throw new StartException(
                    $"{socket} is in use by another program, or is no socket. Choose another --listen, or remove the file.");
            }
        }

        foreach (var address in listening.All)
        {
            if (Sockets.WhyNotBound(address) is { } why)
                throw CannotBind(address, why);
        }
    }

    /// <summary>Everything but the start: tests give it a clock of their own, and read along in the log.</summary>
    public static async Task<WebApplication> BuildAsync(
        StateFolder folder, Listening listening, TimeProvider time, ILoggerProvider? log = null, LogSettings? logging = null,
        StateSource? source = null)
    {
        source ??= StateSource.Files;
        folder.Create();
        RefuseUnlessBindable(listening);

        // The other builders look for ASP.NET Core's own configuration in the content root, and have the system watch every
        // folder below it.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = folder.Path });
        builder.WebHost.UseKestrelCore();
        (logging ?? LogSettings.None).Apply(builder.Logging);
        if (log is not null)
            builder.Logging.AddProvider(log);
        builder.WebHost.ConfigureKestrel(kestrel => Listeners.Open(kestrel, listening));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Shutdown.Connections);
        AddServices(builder.Services, folder, source.ClockOn(time));
        source.Add(builder.Services, folder);
        AddTls(builder.Services, listening);
        AccessControl.Add(builder.Services);
        MessagesFace.Add(builder.Services);
        var app = builder.Build();

        // First: a start that cannot be leaves no file behind.
        await source.OpenAsync(app.Services);
        await app.Services.GetRequiredService<LiveConfiguration>().StartAsync();
        RefuseWritableByOthers(app);
        UseSealingKeys(app.Services);
        await source.OpenKeyAsync(app.Services);
        app.Use(app.Services.GetRequiredService<HostFilter>().FilterAsync);
        app.Use(UnreadRequests.ExplainAsync);
        MessagesFace.Separate(app);
        AccessControl.Use(app);
        app.Use(app.Services.GetRequiredService<StoppedCalls>().CutAsync);
        app.Use(app.Services.GetRequiredService<RequestBudget>().HoldAsync);
        MessagesFace.Map(app);
        app.MapGrpcService<AuthService>().Guard();
        app.MapGrpcService<ModelService>().Guard();
        app.MapGrpcService<AccessService>().Guard();
        Reflection.Map(app, static endpoints => endpoints.Guard());
        app.MapGrpcHealthChecksService().AllowAnonymous();
        await AuditWiring.StartAsync(app.Services);
        await app.Services.GetRequiredService<Clients>().LoadAsync();
        await app.Services.GetRequiredService<Budgets>().LoadAsync();
        app.Services.GetRequiredService<TlsFiles>().Start(listening.HasTls);
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
            grpc.Interceptors.Add<AuditInterceptor>();
        });
        services.AddGrpcHealthChecks(health =>
        {
            foreach (var service in new[] { V1.AuthService.Descriptor, V1.ModelService.Descriptor, V1.AccessService.Descriptor })
                health.Services.Map(service.FullName, static _ => true);
        }).AddCheck<Readiness>("ready");
        Reflection.Add(services);
        services.AddSingleton(time).AddSingleton(folder).AddSingleton<StoppedCalls>()
            .AddSingleton(new ClaudeLoginFile(folder, Environment.GetEnvironmentVariable))
            .AddSingleton<Connections>()
            .AddSingleton<AnthropicApi>().AddSingleton<TokenEndpoint>().AddSingleton<SessionPins>().AddSingleton<Completion>()
            .AddSingleton<ModelCatalog>().AddSingleton<Probes>().AddSingleton<CredentialCheck>().AddSingleton<StateWatch>()
            .AddSingleton<LiveConfiguration>().AddSingleton<Fleet>()
            .AddSingleton<SecretResolver>().AddSingleton<AgentSetups>().AddSingleton<ProfileReport>()
            .AddSingleton<AuthReport>().AddSingleton<StatusReport>().AddSingleton<StatusBoard>()
            .AddSingleton<FleetSealing>().AddSingleton<SealingCalls>().AddSingleton<AgentCalls>()
            .AddSingleton<UsageBook>().AddSingleton<UsageCalls>().AddSingleton<CallReader>().AddSingleton<RequestBudget>()
            .AddSingleton<ErrorInterceptor>().AddSingleton<AuthService>().AddSingleton<ModelService>()
            .AddSingleton<AccessService>().AddSingleton<AuditCalls>().AddSingleton<ServerCalls>().AddSingleton<UpstreamCheck>()
            .AddHostedService(provider => provider.GetRequiredService<StateWatch>());
    }

    private static void AddTls(IServiceCollection services, Listening listening)
    {
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<TlsFiles>(provider, listening.Tls))
            .AddHostedService(provider => provider.GetRequiredService<TlsFiles>())
            .AddSingleton<Handshakes>().AddSingleton<CertificateConnections>()
            .AddSingleton<OpenListeners>(provider => () => Listeners.Opened(
                listening, provider.GetRequiredService<IServer>(), provider.GetRequiredService<TlsFiles>().Current));
        var names = listening.All.OfType<ListenAddress.Tcp>().SelectMany<ListenAddress.Tcp, string>(
            address => address is ListenAddress.Tls tls ? [tls.Host, $"{tls.Address}"] : [$"{address.Address}"]);
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<HostFilter>(provider, names.ToImmutableArray()));
    }

    // The configuration and those that it names, which may be anywhere.
    private static void RefuseWritableByOthers(WebApplication app)
    {
        var configuration = app.Services.GetRequiredService<LiveConfiguration>();
        var folder = app.Services.GetRequiredService<StateFolder>();
        foreach (var file in configuration.Current.Used.Prepend(configuration.Path))
            FolderModes.RefuseReplaceable(file);
        var directories = configuration.Current.Configuration.Agents.List
            .Select(agent => agent.AgentDir).OfType<string>().Select(folder.Expand).ToList();
        directories.ForEach(FolderModes.RefuseReplaceable);
        FolderModes.RefuseWritable(directories);
    }

    private static StartException CannotBind(ListenAddress address, SocketException exception) => new(
        $"Failed to bind to address {address}: " + exception.SocketErrorCode switch
        {
            SocketError.AccessDenied when address is ListenAddress.Tcp { Port: > 0 and < 1024 } =>
                "ports below 1024 take a privilege (CAP_NET_BIND_SERVICE). Choose another --listen; port 0 takes a free one.",
            SocketError.AddressAlreadyInUse => "address already in use. Choose another --listen; port 0 takes a free one.",
            _ => $"{exception.Message}. Choose another --listen.",
        });

    private static async Task StartAsync(WebApplication app, Listening listening)
    {
        var addresses = listening.All.ToList();
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
            throw CannotBind(
                addresses.FirstOrDefault(address => Sockets.WhyNotBound(address) is not null) ?? addresses[0], exception);
        }

        foreach (var socket in addresses.OfType<ListenAddress.UnixSocket>())
        {
            if (listening.SocketGroup is { } group)
                Posix.GiveToGroup(socket.Path, group);
            File.SetUnixFileMode(socket.Path, listening.SocketMode);
        }

        // Not before the server listens: a start that cannot be leaves nothing behind. Tokens that replicas share stay when the
        // folder of the one that made them goes: an operator asks for one by the socket of any.
        if (listening.HasGuardedPort && !app.Services.GetRequiredService<IStateStore>().IsShared)
            await AuditWiring.EnsureAdminTokenAsync(app.Services);

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
