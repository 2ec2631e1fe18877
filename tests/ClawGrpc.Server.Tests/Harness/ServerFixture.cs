using System.Net.Sockets;
using ClawGrpc.Client;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Hosting;
using ClawGrpc.Testing;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>
/// The real server with all that belongs to it: the sandbox as its upstream, a state folder, a clock that stands still until it
/// is told to move, and the generated clients over the server's Unix socket.
/// </summary>
internal sealed class ServerFixture : IAsyncDisposable
{
    private static readonly IConfiguration NoConsole = new ConfigurationBuilder()
        .AddInMemoryCollection([new("Console:LogLevel:Default", nameof(LogLevel.None))]).Build();

    // Of what is waited for at a stop.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private readonly ListenAddress _address;
    private readonly List<GrpcChannel> _channels = [];
    private WebApplication? _app;

    private ServerFixture(Sandbox sandbox, StateFiles files, ManualTimeProvider time)
    {
        (Sandbox, Files, Time) = (sandbox, files, time);
        _address = new ListenAddress.UnixSocket(files["clawgrpc.sock"]);
    }

    public Sandbox Sandbox { get; }

    public StateFiles Files { get; }

    public ManualTimeProvider Time { get; }

    /// <summary>What the server logged.</summary>
    public LogLines Log { get; } = new();

    /// <summary>Where the server listens, from what it listens on anyway.</summary>
    public Func<Listening, Listening> Listen { get; set; } = static usual => usual;

    /// <summary>What the server logs besides <see cref="Log"/>: by itself nothing, which no test reads.</summary>
    public LogSettings Logging { get; set; } = LogSettings.None with { Variables = NoConsole };

    /// <summary>Whose rules hold for the folder; null for ClawGrpc's own.</summary>
    public string? Generation { get; set; }

    /// <summary>To the server of now: one that was stopped had another.</summary>
    public GrpcChannel Channel => _channels[^1];

    public V1.AuthService.AuthServiceClient Auth => new(Channel);

    public V1.ModelService.ModelServiceClient Models => new(Channel);

    public V1.AccessService.AccessServiceClient Access => new(Channel);

    /// <summary>Starts sandbox and server.</summary>
    /// <param name="more">Members of the configuration besides the upstream, as JSON5.</param>
    /// <param name="provider">Members of <c>models.providers.anthropic</c> besides its URL, as JSON5.</param>
    /// <param name="sandbox">How upstream behaves; its clock is the fixture's in any case.</param>
    public static async Task<ServerFixture> StartAsync(string more = "", string provider = "", SandboxOptions? sandbox = null)
    {
        var fixture = await PrepareAsync(sandbox);
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, more, provider);
        await fixture.StartServerAsync();
        return fixture;
    }

    /// <summary>Starts a server with another upstream than the sandbox, and the key of the profile One.</summary>
    public static async Task<ServerFixture> StartAsync(RawUpstream upstream, string more = "")
    {
        var fixture = await PrepareAsync();
        await fixture.Files.ConfigureAsync(upstream.BaseUrl, more);
        await fixture.StartServerAsync();
        await fixture.OnboardAsync();
        return fixture;
    }

    /// <summary>The sandbox and an empty folder; the server is started by the test.</summary>
    public static async Task<ServerFixture> PrepareAsync(SandboxOptions? sandbox = null)
    {
        var time = new ManualTimeProvider();
        return new ServerFixture(
            await Sandbox.StartAsync((sandbox ?? new SandboxOptions()) with { TimeProvider = time }), new StateFiles(), time);
    }

    public async Task StartServerAsync()
    {
        var folder = StateFolder.Resolve(
            Files.Path, name => name == "CLAWGRPC_GENERATION" ? Generation : null, Files.Path);
        var usual = new Listening([_address]) { Http = [new ListenAddress.UnixSocket(Files["http.sock"])] };
        _app = await ServerHost.BuildAsync(folder, Listen(usual), Time, Log, Logging);
        await _app.StartAsync();
        _channels.Add(ClawGrpcChannel.Create(ClawGrpcEndpoint.Parse($"{_address}")));
    }

    private async Task<bool> StoppedAsync()
    {
        await StopServerAsync();
        return true;
    }

    /// <summary>Stops the server in the orderly way; what it holds is on disk then.</summary>
    public async Task StopServerAsync()
    {
        if (_app is not { } app)
            return;
        _app = null;
        await app.StopAsync();
        await app.DisposeAsync();
    }

    public async Task RestartServerAsync()
    {
        await StopServerAsync();
        await StartServerAsync();
    }

    /// <summary>A client of the Messages API over HTTP, which shows no token unless a request has one.</summary>
    public HttpClient NewHttp() => new(NewHandler("http.sock")) { BaseAddress = new Uri("http://localhost") };

    /// <summary>A handler that reaches the server, for channels with settings of their own.</summary>
    public SocketsHttpHandler NewHandler(string name = "clawgrpc.sock") => new()
    {
        // Who leaves reads nothing on, to save the connection.
        MaxResponseDrainSize = 0,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Files[name]), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    /// <summary>The address that the server has got for a scheme.</summary>
    public Uri BoundTo(string scheme) => Part<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses
        .Where(address => !address.Contains("unix:", StringComparison.Ordinal)).Select(address => new Uri(address))
        .Single(address => address.Scheme == scheme);

    /// <summary>A part of the running server.</summary>
    public T Part<T>()
        where T : notnull => _app!.Services.GetRequiredService<T>();

    /// <summary>A watcher of the default agent's status.</summary>
    public Watcher Watch(long knownRevision = 0, TimeSpan? heartbeat = null) => new(this, knownRevision, heartbeat);

    /// <summary>Waits until what a completion has just changed is on disk: the server pauses for a second then.</summary>
    public Task HealthWrittenAsync() => Time.WaitForTimerAsync(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

    /// <summary>Waits until something holds that happens behind the calls and that nothing tells of.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(
                start) < TimeSpan.FromSeconds(30), "It did not come to hold within 30 seconds.");
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _channels.ForEach(channel => channel.Dispose());

        // A write that waits for a lock could not end while the clock stands.
        await Time.PassUntilAsync(StoppedAsync(), TimeSpan.Zero, LongestWait);
        await Sandbox.DisposeAsync();
        Files.Dispose();
    }
}
