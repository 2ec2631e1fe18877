using ClawGrpc.Client;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>
/// A state folder, the sandbox as upstream, and the programs that are started in between; all gone when the test is over.
/// </summary>
internal sealed class ProcessFixture : IAsyncDisposable
{
    public const string KeyOne = "sk-ant-api03-FAKE-first-key-0000000000000001";
    public const string KeyTwo = "sk-ant-api03-FAKE-second-key-0000000000000002";

    private readonly List<RunningProgram> _programs = [];

    private ProcessFixture(Sandbox sandbox) => Sandbox = sandbox;

    public Sandbox Sandbox { get; }

    public string Path { get; } = Directory.CreateTempSubdirectory("claw-").FullName;

    public string State => System.IO.Path.Join(Path, "state");

    public string Socket => System.IO.Path.Join(State, "clawgrpc.sock");

    public string ProfilesPath => System.IO.Path.Join(State, "agents/main/agent/auth-profiles.json");

    /// <summary>Everything that any program has written, for those who look for what must not be there.</summary>
    public string AllOutput => string.Concat(_programs.Select(program => program.Out + program.Error));

    /// <param name="tokenDelay">Pause before every event of upstream's streams.</param>
    /// <param name="time">The sandbox's clock; null for the system's.</param>
    /// <param name="more">Further members of the configuration, from the sandbox's URL.</param>
    public static async Task<ProcessFixture> BuildAsync(
        TimeSpan tokenDelay = default, TimeProvider? time = null, Func<string, string>? more = null)
    {
        var fixture = new ProcessFixture(
            await Sandbox.StartAsync(new SandboxOptions { TokenDelay = tokenDelay, TimeProvider = time ?? TimeProvider.System }));
        var url = fixture.Sandbox.BaseUrl;
        await fixture.ConfigureAsync(
            $"{{ models: {{ providers: {{ anthropic: {{ baseUrl: '{url}', models: [] }} }} }}, {more?.Invoke(url)} }}\n");
        return fixture;
    }

    public async Task ConfigureAsync(string json5)
    {
        Directory.CreateDirectory(State, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(System.IO.Path.Join(State, "clawgrpc.json"), json5);
    }

    /// <summary>Starts the server and waits until it is ready.</summary>
    public Task<RunningProgram> ServeAsync(params IEnumerable<string> arguments) =>
        ServeAsync(new Dictionary<string, string>(), arguments);

    /// <inheritdoc cref="ServeAsync(IEnumerable{string})"/>
    public async Task<RunningProgram> ServeAsync(
        IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments)
    {
        var server = Server(environment, arguments);
        await server.LineWithAsync("clawgrpc ready on ");
        return server;
    }

    /// <summary>Starts the server, which may end at once.</summary>
    public RunningProgram Server(params IEnumerable<string> arguments) => Server(new Dictionary<string, string>(), arguments);

    public RunningProgram Server(IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments) =>
        Keep(RunningProgram.Start("ClawGrpc.Server", "clawgrpc", environment, ["--state-dir", State, .. arguments]));

    /// <summary>Starts the CLI, which finds the server by the state folder.</summary>
    public RunningProgram Claw(params IEnumerable<string> arguments) =>
        Keep(RunningProgram.Start(
            "ClawGrpc.Cli", "claw",
            new Dictionary<string, string>
            {
                ["CLAWGRPC_STATE_DIR"] = State,
                ["XDG_CONFIG_HOME"] = System.IO.Path.Join(Path, "config"),
            },
            arguments));

    /// <summary>Runs the CLI to its end, which must be a good one.</summary>
    public async Task<string> ClawAsync(params IEnumerable<string> arguments)
    {
        var claw = Claw(arguments);
        Assert.True(await claw.ExitAsync() == 0, claw.Out + claw.Error);
        return claw.Out;
    }

    public RunningProgram Keep(RunningProgram program)
    {
        _programs.Add(program);
        return program;
    }

    /// <summary>A channel to the server's socket.</summary>
    public GrpcChannel Connect() => ClawGrpcChannel.Create(ClawGrpcEndpoint.Parse($"unix:{Socket}"));

    public static async Task OnboardAsync(GrpcChannel channel, string profile, string key) =>
        await new AuthService.AuthServiceClient(channel).OnboardAsync(
            new OnboardRequest { ProfileId = profile, ApiKey = new ApiKeyCredential { Key = key } });

    /// <summary>What comes of a completion: <c>served</c>, or the reason why not.</summary>
    public static async Task<string> CompleteAsync(ChannelBase channel)
    {
        var hello = new ContentBlock { Text = new TextBlock { Text = "Hello" } };
        var message = new Message { Role = Role.User, Content = { hello } };
        try
        {
            await new ModelService.ModelServiceClient(channel).CompleteAsync(new CompleteRequest
            {
                Input = new CompletionInput { Messages = new MessagesRequest { MaxTokens = 64, Messages = { message } } },
            });
            return "served";
        }
        catch (RpcException exception)
        {
            return exception.Trailers.GetValueBytes("grpc-status-details-bin") is { } details
                ? Google.Rpc.Status.Parser.ParseFrom(details).Details.First(detail => detail.Is(ErrorInfo.Descriptor))
                    .Unpack<ErrorInfo>().Reason
                : $"{exception.StatusCode}";
        }
    }

    /// <summary>
    /// Every file of the state folder with its content; sockets, the lock that names its holder, and the audit are left out.
    /// </summary>
    public string Snapshot() => string.Join('\n', Directory.EnumerateFiles(State, "*", SearchOption.AllDirectories)
        .Where(path => !path.EndsWith(".sock", StringComparison.Ordinal)
        && !path.EndsWith("clawgrpc.lock", StringComparison.Ordinal) && !path.EndsWith("audit.jsonl", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal).Select(path => $"{path} {File.ReadAllText(path)}"));

    public async ValueTask DisposeAsync()
    {
        _programs.ForEach(program => program.Dispose());
        await Sandbox.DisposeAsync();
        Directory.Delete(Path, recursive: true);
    }
}
