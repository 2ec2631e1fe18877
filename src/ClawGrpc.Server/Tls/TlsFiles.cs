using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Server.Tls;

/// <summary>
/// Reads the certificates and keys of TLS, and reads them again within a second after they change. A file that cannot be used
/// leaves the last good one in force.
/// </summary>
/// <param name="named">What the command line names, which counts more than the configuration.</param>
internal sealed partial class TlsFiles(
    TlsConfiguration named, LiveConfiguration configuration, StateFolder folder, Clients clients, TimeProvider time,
    ILogger<TlsFiles> log)
    : BackgroundService
{
    /// <summary>How long before its end the server's certificate is warned of.</summary>
    public static readonly TimeSpan WarnAhead = TimeSpan.FromDays(14);

    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromDays(1);

    private readonly FileChanges _files = new(time);
    private readonly Lock _reading = new();
    private volatile TlsMaterial _current = TlsMaterial.None;
    private ITimer? _expiry;
    private (DateTimeOffset End, DateTimeOffset At) _warned;

    public TlsMaterial Current => _current;

    /// <summary>Reads all files for the first time.</summary>
    /// <param name="serves">Whether the server listens with TLS, and so needs a certificate.</param>
    /// <exception cref="UnusableTlsFileException">A file is missing or cannot be used; all of them are told.</exception>
    public void Start(bool serves)
    {
        var (cert, key) = (Paths.Certificate, Paths.Key);
        if (serves && (cert is null || key is null))
        {
            throw new UnusableTlsFileException(
                "--listen https://… needs a certificate and its private key: "
                + string.Join(" and ", Missing(cert, "--tls-cert FILE (clawgrpc.tls.cert)")
                    .Concat(Missing(key, "--tls-key FILE (clawgrpc.tls.key)"))) + " is missing.");
        }

        var problems = Read();
        if (problems.Count > 0)
            throw new UnusableTlsFileException(string.Join(Environment.NewLine, problems));
        configuration.Changed += Reload;
        _expiry = time.CreateTimer(_ => WarnOfEnd(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        WarnOfEnd();
    }

    public override void Dispose()
    {
        configuration.Changed -= Reload;
        _expiry?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var path in _files.WatchAsync(stoppingToken))
                Reload();
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private TlsConfiguration Paths
    {
        get
        {
            var configured = configuration.Current.Configuration.Service.Tls;
            return new TlsConfiguration(Full(configured.Certificate), Full(configured.Key), Full(configured.ClientCa))
                .Under(named);
        }
    }

    private string? Full(string? path) => path is null ? null : folder.FileOf(path);

    private static IEnumerable<string> Missing(string? path, string option) => path is null ? [option] : [];

    private void Reload()
    {
        foreach (var problem in Read())
            LogKept(problem);
        WarnOfEnd();
    }

    // What is wrong.
    private List<string> Read()
    {
        var problems = new List<string>();
        lock (_reading)
        {
            var (paths, before) = (Paths, _current);
            var server = paths is { Certificate: { } cert, Key: { } key }
                ? Try(() => ServerCertificateOf(cert, key), problems) ?? before.Server
                : null;
            var files = configuration.Current.Configuration.Service.TrustDomains.ToDictionary(
                each => each.Key, each => folder.FileOf(each.Value));
            if (paths.ClientCa is { } clientCa)
                files[""] = clientCa;
            var authorities = ImmutableDictionary<string, X509Certificate2Collection>.Empty;
            foreach (var (domain, path) in files)
            {
                var found = Try(() => PemFiles.Authorities(path), problems) ?? before.Authorities.GetValueOrDefault(domain);
                if (found is not null)
                    authorities = authorities.Add(domain, found);
            }

            foreach (var path in files.Values.Concat([paths.Certificate, paths.Key]).OfType<string>())
                _files.Add(path);
            _current = new TlsMaterial(server, authorities);
        }

        clients.Trust(_current.Trusted);
        return problems;
    }

    private static ServerCertificate ServerCertificateOf(string cert, string key)
    {
        var (leaf, shown) = PemFiles.ServerCertificate(cert, key);
        return new ServerCertificate(leaf, shown);
    }

    private static T? Try<T>(Func<T> read, List<string> problems)
        where T : class
    {
        try
        {
            return read();
        }
        catch (UnusableTlsFileException exception)
        {
            problems.Add(exception.Message);
            return null;
        }
    }

    // Once a day from two weeks ahead.
    private void WarnOfEnd()
    {
        if (_current.Server?.NotAfter is not { } end)
            return;
        var now = time.GetUtcNow();
        var next = end - WarnAhead;
        lock (_reading)
        {
            if (_warned.End == end && _warned.At + BetweenWarnings > next)
                next = _warned.At + BetweenWarnings;
            if (next <= now)
            {
                LogEnd(end);
                (_warned, next) = ((end, now), now + BetweenWarnings);
            }
        }

        _expiry?.WakeAt(time, next);
    }

    [LoggerMessage(72, LogLevel.Warning, "{Problem} The last good one stays in force.")]
    private partial void LogKept(string problem);

    [LoggerMessage(71, LogLevel.Warning, "The server's certificate ends at {End:u}. Replace the file; it is taken up by itself.")]
    private partial void LogEnd(DateTimeOffset end);
}
