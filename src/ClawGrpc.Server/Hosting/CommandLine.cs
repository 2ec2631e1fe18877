using System.CommandLine;
using System.CommandLine.Invocation;

namespace ClawGrpc.Server.Hosting;

/// <summary>What the command line asks for.</summary>
/// <param name="StateDir">The state folder; null for that of the environment, or the default.</param>
/// <param name="Listen">Where to listen; empty: on the socket in the state folder alone.</param>
internal sealed record CommandLine(string? StateDir, IReadOnlyList<string> Listen)
{
    /// <summary>Where the Messages API is served over HTTP.</summary>
    public IReadOnlyList<string> Http { get; init; } = [];

    /// <summary>Whether every program of this machine may use a loopback port without any proof.</summary>
    public bool InsecureLoopback { get; init; }

    /// <summary>The mode of the Unix sockets; null for their owner alone.</summary>
    public string? SocketMode { get; init; }

    /// <summary>The group of the Unix sockets; null for that of the process.</summary>
    public string? SocketGroup { get; init; }

    /// <summary>The file of the server's certificate; null for that of the configuration.</summary>
    public string? TlsCert { get; init; }

    /// <summary>The file of its private key; null for that of the configuration.</summary>
    public string? TlsKey { get; init; }

    /// <summary>The file of the authorities of clients' certificates; null for that of the configuration.</summary>
    public string? ClientCa { get; init; }

    /// <summary>Whether the state is in a database that replicas share.</summary>
    public bool IsReplica { get; init; }

    /// <summary>The file of the key that secrets are sealed with; null for that of the configuration.</summary>
    public string? SealKey { get; init; }

    /// <summary>The name of this replica, for people; null for the host's.</summary>
    public string? ReplicaName { get; init; }

    /// <summary>Whether the replica keeps what is stored on its own disk too, to start from while the database is away.</summary>
    public bool KeepsSnapshot { get; init; }

    /// <summary>What is logged, and in which form.</summary>
    public LogSettings Log { get; init; } = LogSettings.None;

    private const string Files = "files";
    private const string Postgres = "postgres";

    // As of every other start that cannot be, and of claw's wrong calls (openclaw-spec.md, section 7.2).
    private const int UsageError = 1;

    private static readonly Option<string?> StateDirOption = new("--state-dir")
    {
        Description = "The folder of profiles and configuration (else CLAWGRPC_STATE_DIR, else ~/.clawgrpc).",
        HelpName = "DIR",
    };
    private static readonly Option<string[]> ListenOption = new("--listen")
    {
        Description = "unix:PATH, http://127.0.0.1:PORT or https://HOST:PORT; may be repeated (default: "
            + "unix:<state>/clawgrpc.sock). Port 0 takes a free one.",
        HelpName = "ADDRESS",
        AllowMultipleArgumentsPerToken = false,
    };
    private static readonly Option<string[]> HttpOption = new("--http")
    {
        Description = "Serve Anthropic's Messages API over HTTP at unix:PATH, http://127.0.0.1:PORT or https://HOST:PORT; "
            + "may be repeated. Callers need a ClawGrpc token, and no key of Anthropic.",
        HelpName = "ADDRESS",
        AllowMultipleArgumentsPerToken = false,
    };
    private static readonly Option<bool> InsecureOption = new("--insecure-loopback")
    {
        Description = "Let every program of this machine use the loopback ports, without any proof of who it is.",
    };
    private static readonly Option<string?> ModeOption = new("--socket-mode")
    {
        Description = "Mode of the Unix sockets, such as 660 (default: 600). Who connects must still be a client.",
        HelpName = "MODE",
    };
    private static readonly Option<string?> GroupOption = new("--socket-group")
    {
        Description = "Group of the Unix sockets, by name or number.",
        HelpName = "GROUP",
    };
    private static readonly Option<string?> CertOption = FileOption(
        "--tls-cert", "The server's certificate for https://, as PEM, with those between it and its authority.");
    private static readonly Option<string?> KeyOption = FileOption(
        "--tls-key", "Its private key, as PEM, which others must not be able to read.");
    private static readonly Option<string?> ClientCaOption = FileOption(
        "--client-ca", "The authorities of clients' certificates, as PEM. Files of TLS are read again when they change.");
    private static readonly Option<LogLevel?> LevelOption = new("--log-level")
    {
        Description = "trace, debug, information, warning, error, critical or none (default: as the variables "
            + "Logging__LogLevel__... say, else information).",
        HelpName = "LEVEL",
    };
    private static readonly Option<string?> FormatOption = new Option<string?>("--log-format")
    {
        Description = "text or json: one object a line (default: text).",
        HelpName = "FORMAT",
    }.AcceptOnlyFromAmong(LogSettings.Formats);

    private static readonly Option<string> StoreOption = new Option<string>("--store")
    {
        Description = "Where the state is: files, in the state folder; or postgres, in the database of CLAWGRPC_DSN, which "
            + "replicas share (default: files).",
        HelpName = "STORE",
        DefaultValueFactory = static _ => Files,
    }.AcceptOnlyFromAmong(Files, Postgres);
    private static readonly Option<string?> SealKeyOption = FileOption(
        "--seal-key", "The key that secrets are sealed with: 32 bytes, or their base64. With a database it is needed, and all "
            + "replicas need the same one.");
    private static readonly Option<string?> ReplicaOption = new("--replica-name")
    {
        Description = "The name of this replica, for people (default: the host's name).",
        HelpName = "NAME",
    };

    private static readonly Option<bool> SnapshotOption = new("--snapshot")
    {
        Description = "With --store postgres: keep all that is stored in the state folder too, sealed as a whole, and start from "
            + "that while the database is away.",
    };

    /// <summary>
    /// Reads the arguments and runs the server; prints help, version or what is wrong instead when that is called for.
    /// </summary>
    public static async Task<int> RunAsync(string[] args, Func<CommandLine, Task<int>> serve)
    {
        var root = new RootCommand(
            "ClawGrpc: holds the Claude credentials of a fleet of agents, so that no other program has to.\n\n"
            + "Upstream is models.providers.anthropic.baseUrl of the configuration, else ANTHROPIC_BASE_URL, else "
            + "https://api.anthropic.com.")
        {
            StateDirOption,
            ListenOption,
            HttpOption,
            ModeOption,
            GroupOption,
            CertOption,
            KeyOption,
            ClientCaOption,
            InsecureOption,
            StoreOption,
            SealKeyOption,
            ReplicaOption,
            SnapshotOption,
            LevelOption,
            FormatOption,
        };
        root.SetAction((result, _) => serve(new CommandLine(result.GetValue(StateDirOption), result.GetValue(ListenOption) ?? [])
        {
            Http = result.GetValue(HttpOption) ?? [],
            InsecureLoopback = result.GetValue(InsecureOption),
            SocketMode = result.GetValue(ModeOption),
            SocketGroup = result.GetValue(GroupOption),
            TlsCert = result.GetValue(CertOption),
            TlsKey = result.GetValue(KeyOption),
            ClientCa = result.GetValue(ClientCaOption),
            IsReplica = result.GetValue(StoreOption) == Postgres,
            SealKey = Listening.Full(result.GetValue(SealKeyOption)),
            ReplicaName = result.GetValue(ReplicaOption),
            KeepsSnapshot = result.GetValue(SnapshotOption),
            Log = new LogSettings(result.GetValue(LevelOption), result.GetValue(FormatOption)),
        }));
        root.Subcommands.Add(Migration.Command());
        foreach (var transfer in Transfer.Commands(SealKeyOption))
            root.Subcommands.Add(transfer);
        root.Options.OfType<VersionOption>().Single().Action = new VersionAction();
        return await InvokeAsync(root.Parse(args));
    }

    private static async Task<int> InvokeAsync(ParseResult parsed)
    {
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
        foreach (var error in parsed.Errors)
            await Console.Error.WriteLineAsync($"Error: {error.Message}");
        await Console.Error.WriteLineAsync("Try: clawgrpc --help");
        return UsageError;
    }

    private static Option<string?> FileOption(string name, string description) =>
        new(name) { Description = description, HelpName = "FILE" };

    // As claw says it.
    private sealed class VersionAction : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.Write($"clawgrpc {Gateway.Upstream.ProductVersion.Text}\n");
            return 0;
        }
    }
}
