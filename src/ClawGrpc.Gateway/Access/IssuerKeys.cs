using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Stores;
using Microsoft.IdentityModel.Tokens;

namespace ClawGrpc.Gateway.Access;

/// <summary>The public keys of an issuer (JWKS), from a file or a URL.</summary>
internal sealed partial class IssuerKeys(JwtIssuer issuer, StateFolder folder, TimeProvider time, ILogger<IssuerKeys> log)
    : IDisposable
{
    /// <summary>The shortest time between two fetches, whatever keys callers name.</summary>
    public static readonly TimeSpan BetweenFetches = TimeSpan.FromMinutes(1);

    /// <summary>After how long keys that are in use are fetched again, so that one that was withdrawn is known no more.</summary>
    public static readonly TimeSpan OldestFetch = TimeSpan.FromMinutes(10);

    private const int SmallestRsaKey = 2048;
    private const int LargestAnswer = 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _oneFetch = new(1);
    private DateTimeOffset _told = DateTimeOffset.MinValue;
    private volatile State _state = new([], DateTimeOffset.MinValue, DateTimeOffset.MinValue, null);

    private bool IsUrl => issuer.Keys.Contains("://", StringComparison.Ordinal);

    /// <summary>The keys of an id, or all if the token names none.</summary>
    public async ValueTask<IReadOnlyList<JsonWebKey>> FindAsync(string? keyId, CancellationToken cancellation)
    {
        if (IsUrl)
        {
            // A caller whose key is known does not wait for newer ones, and one that leaves ends no fetch.
            var fetch = IsFetchDue(keyId) ? OnceAsync(() => IsFetchDue(keyId), FetchAsync) : Task.CompletedTask;
            if (Fitting(_state.Keys, keyId).Count == 0)
                await fetch.WaitAsync(cancellation);
        }
        else if (IsFileChanged())
        {
            await OnceAsync(IsFileChanged, () => Task.FromResult(ReadFile()));
        }

        return Fitting(_state.Keys, keyId);
    }

    public void Dispose() => _oneFetch.Dispose();

    private static List<JsonWebKey> Fitting(IReadOnlyList<JsonWebKey> keys, string? keyId) =>
        [.. keys.Where(key => keyId is null || key.KeyId == keyId)];

    private bool IsFetchDue(string? keyId)
    {
        var (state, now) = (_state, time.GetUtcNow());
        return now - state.Tried >= BetweenFetches && (now - state.Read >= OldestFetch || Fitting(state.Keys, keyId).Count == 0);
    }

    private bool IsFileChanged()
    {
        try
        {
            return FileIdentity.Of(folder.FileOf(issuer.Keys)) is not { IsSettled: true } identity || identity != _state.File;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private async Task OnceAsync(Func<bool> isDue, Func<Task<State>> read)
    {
        await _oneFetch.WaitAsync();
        try
        {
            if (isDue())
                _state = await read();
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException
            or StateUnreadableException or IOException or ArgumentException or FormatException or CryptographicException
            or JsonException)
        {
            // What cannot be read now leaves the keys as they are.
            var now = time.GetUtcNow();
            if (now - _told >= BetweenFetches)
            {
                _told = now;
                LogUnreadable(issuer.Name, issuer.Keys, exception.Message);
            }

            _state = _state with { Tried = now };
        }
        finally
        {
            _oneFetch.Release();
        }
    }

    private State ReadFile()
    {
        var path = folder.FileOf(issuer.Keys);
        var identity = FileIdentity.Of(path);
        var content = WholeFile.Read(path) ?? throw new StateUnreadableException(path, "it does not exist", null);
        var now = time.GetUtcNow();
        return new State(KeysIn(Encoding.UTF8.GetString(content)), now, now, identity);
    }

    private async Task<State> FetchAsync()
    {
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = Patience,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = PolicyOf(issuer.KeysCa) },
        };
        using var client = new HttpClient(handler) { Timeout = Patience, MaxResponseContentBufferSize = LargestAnswer };
        var answer = await client.GetStringAsync(new Uri(issuer.Keys));
        var now = time.GetUtcNow();
        return new State(KeysIn(answer), now, now, null);
    }

    private X509ChainPolicy? PolicyOf(string? authorities)
    {
        if (authorities is null)
            return null;
        var path = folder.FileOf(authorities);
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.ImportFromPem(Encoding.UTF8.GetString(
            WholeFile.Read(path) ?? throw new StateUnreadableException(path, "it does not exist", null)));
        return policy;
    }

    // Public keys that are long enough; a secret one, which both sides would know, is none of an issuer's.
    private static List<JsonWebKey> KeysIn(string json) =>
    [
        .. JsonWebKeySet.Create(json).Keys.Where(key => key.Use is null or "" or "sig" && (key.Kty == "EC"
            || (key.Kty == "RSA" && key.KeySize >= SmallestRsaKey))),
    ];

    [LoggerMessage(83, LogLevel.Warning, "The keys of the issuer {Issuer} cannot be read from {Place}: {Why}")]
    private partial void LogUnreadable(string issuer, string place, string why);

    /// <param name="Keys">Those that were read last.</param>
    /// <param name="Read">When they were.</param>
    /// <param name="Tried">When that was last tried.</param>
    /// <param name="File">What the file was then; null if there was none.</param>
    private sealed record State(IReadOnlyList<JsonWebKey> Keys, DateTimeOffset Read, DateTimeOffset Tried, FileIdentity? File);
}
