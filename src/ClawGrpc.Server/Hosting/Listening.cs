using System.Collections.Immutable;
using System.Globalization;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Server.Hosting;

/// <summary>Where the server listens, and who may connect.</summary>
/// <param name="Addresses">At least one.</param>
internal sealed record Listening(IReadOnlyList<ListenAddress> Addresses)
{
    /// <summary>Where the Messages API is served over HTTP; none if it is not.</summary>
    public IReadOnlyList<ListenAddress> Http { get; init; } = [];

    /// <summary>All of it.</summary>
    public IEnumerable<ListenAddress> All => Addresses.Concat(Http);

    /// <summary>Whether every program of this machine may use a loopback port without any proof.</summary>
    public bool InsecureLoopback { get; init; }

    /// <summary>The mode of the Unix sockets.</summary>
    public UnixFileMode SocketMode { get; init; } = AtomicFile.OwnerOnly;

    /// <summary>The group of the Unix sockets; null for that of the process.</summary>
    public uint? SocketGroup { get; init; }

    /// <summary>The files of TLS that the command line names.</summary>
    public TlsConfiguration Tls { get; init; } = TlsConfiguration.None;

    /// <summary>Whether there is a port with TLS.</summary>
    public bool HasTls => All.Any(address => address is ListenAddress.Tls);

    /// <summary>Whether there is a port that takes a proof.</summary>
    public bool HasGuardedPort => HasTls || (!InsecureLoopback && All.Any(address => address is ListenAddress.Loopback));

    /// <summary>Reads the command line.</summary>
    /// <exception cref="StartException">Something of it cannot be; all of it is told.</exception>
    public static Listening Of(CommandLine command, StateFolder folder)
    {
        var texts = command.Listen.Count > 0 ? command.Listen : [$"unix:{Path.Join(folder.Path, "clawgrpc.sock")}"];
        var parsed = texts.Select(text => ListenAddress.Parse(text, "--listen")).ToList();
        var http = command.Http.Select(text => ListenAddress.Parse(text, "--http")).ToList();
        var errors = parsed.Concat(http).Where(each => each.Error is not null).Select(each => each.Error!).ToList();
        var (grpc, messages) = (AddressesOf(parsed), AddressesOf(http));
        errors.AddRange(messages.Where(address => address is not ListenAddress.Tcp { Port: 0 } && grpc.Contains(address))
            .Select(address => $"--http {address}: that is a --listen too. gRPC and the Messages API take an address each."));
        var mode = ModeOf(command.SocketMode, errors);
        var group = GroupOf(command.SocketGroup, errors);
        var tls = new TlsConfiguration(Full(command.TlsCert), Full(command.TlsKey), Full(command.ClientCa));
        if (tls != TlsConfiguration.None && !grpc.Concat(messages).Any(address => address is ListenAddress.Tls))
            errors.Add("--tls-cert, --tls-key and --client-ca are for https://HOST:PORT of --listen or --http; there is none.");
        if (errors.Count > 0)
            throw new StartException(string.Join(Environment.NewLine, errors));
        return new Listening(grpc)
        {
            Http = messages,
            InsecureLoopback = command.InsecureLoopback,
            SocketMode = mode,
            SocketGroup = group,
            Tls = tls,
        };
    }

    private static List<ListenAddress> AddressesOf(
        IEnumerable<(ImmutableArray<ListenAddress> Addresses, string? Error)> parsed) =>
        [.. parsed.SelectMany(each => each.Addresses).Distinct()];

    /// <summary>The absolute path of a file of the command line; null if none is named.</summary>
    public static string? Full(string? path) => string.IsNullOrWhiteSpace(path) ? null : Path.GetFullPath(path);

    private static UnixFileMode ModeOf(string? text, List<string> errors)
    {
        if (text is null)
            return AtomicFile.OwnerOnly;
        if (text.Length is 3 or 4 && text.All(digit => digit is >= '0' and <= '7'))
            return (UnixFileMode)Convert.ToInt32(text, 8);
        errors.Add($"--socket-mode {text}: expected an octal mode such as 660.");
        return default;
    }

    private static uint? GroupOf(string? text, List<string> errors)
    {
        if (text is null)
            return null;
        if (uint.TryParse(text, CultureInfo.InvariantCulture, out var number) || Posix.TryFindGroup(text, out number))
            return number;
        errors.Add($"--socket-group {text}: there is no such group.");
        return null;
    }
}
