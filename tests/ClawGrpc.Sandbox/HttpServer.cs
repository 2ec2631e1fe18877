using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ClawGrpc.Testing;

/// <summary>Kestrel and one delegate: no host, no middleware and no logging, which would cost more than the answers.</summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private readonly KestrelServer _server;
    private readonly RequestDelegate _handle;
    private int _openConnections;
    private int _connectionsMade;

    /// <param name="listen">An <c>http://</c> address.</param>
    /// <param name="handle">What answers.</param>
    /// <param name="isCheap">Whether answers never wait for anything and may so run on the threads that read and write.</param>
    public HttpServer(string listen, RequestDelegate handle, bool isCheap)
    {
        var url = new Uri(listen);
        if (url.Scheme != Uri.UriSchemeHttp)
        {
            throw new ArgumentException($"Not an http:// address: {listen}", nameof(listen));
        }

        var options = new KestrelServerOptions
        {
            AddServerHeader = false,
            ApplicationServices = new ServiceCollection().AddLogging().BuildServiceProvider(),
        };
        // The sandbox answers large bodies itself, and stalls on purpose.
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.Listen(AddressOf(url), url.Port, Configure);
        _handle = handle;
        var sockets = new SocketTransportOptions { UnsafePreferInlineScheduling = isCheap };
        var transport = new SocketTransportFactory(Options.Create(sockets), NullLoggerFactory.Instance);
        _server = new(Options.Create(options), transport, NullLoggerFactory.Instance);
    }

    public string Address => _server.Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public int OpenConnections => Volatile.Read(ref _openConnections);

    public int ConnectionsMade => Volatile.Read(ref _connectionsMade);

    public Task StartAsync() => _server.StartAsync(new Application(_handle), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        // Clients have been told to close; the stop does not wait for them.
        await _server.StopAsync(new CancellationToken(canceled: true));
        _server.Dispose();
    }

    private static IPAddress AddressOf(Uri url) =>
        url.Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(url.Host.Trim('[', ']'));

    private void Configure(ListenOptions endpoint)
    {
        endpoint.Protocols = HttpProtocols.Http1;
        endpoint.Use(next => async connection =>
        {
            Interlocked.Increment(ref _connectionsMade);
            Interlocked.Increment(ref _openConnections);
            try
            {
                await next(connection);
            }
            finally
            {
                Interlocked.Decrement(ref _openConnections);
            }
        });
    }

    private sealed class Application(RequestDelegate handle) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public Task ProcessRequestAsync(HttpContext context) => handle(context);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }
}
