using System.Net;
using System.Net.Security;
using System.Security.Authentication;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>The connections to upstream: those that are kept for the next request, and new ones that serve one request.</summary>
internal sealed class Connections : IDisposable
{
    private readonly HttpMessageInvoker _kept = new(NewHandler(TimeSpan.FromMinutes(10)));
    private readonly HttpMessageInvoker _new = new(NewHandler(TimeSpan.Zero));

    /// <summary>Sends a request and waits for the head of its answer.</summary>
    /// <param name="request">The request.</param>
    /// <param name="onNew">
    /// Whether it needs a new connection: a kept one may have been closed by the other side meanwhile, and a request that is lost
    /// so is not always safe to repeat.
    /// </param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool onNew, CancellationToken cancellation) =>
        (onNew ? _new : _kept).SendAsync(request, cancellation);

    public void Dispose()
    {
        _kept.Dispose();
        _new.Dispose();
    }

    // No redirects (a secret belongs to one origin), no cookies, no compression that is asked for, no spans.
    private static SocketsHttpHandler NewHandler(TimeSpan lifetime) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        PooledConnectionLifetime = lifetime,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        ActivityHeadersPropagator = null,

        // Drains nothing: if the caller leaves, reading on to save the connection would have upstream go on, and bill.
        ResponseDrainTimeout = TimeSpan.Zero,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        SslOptions = new SslClientAuthenticationOptions { EnabledSslProtocols = SslProtocols.None },
    };
}
