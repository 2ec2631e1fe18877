using System.Collections.Concurrent;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace ClawGrpc.Server.Tls;

/// <summary>
/// The connections of callers with a certificate. When it leads to a client no more, its calls end, and this closes the
/// connection (GOAWAY): another handshake is needed, with another certificate.
/// </summary>
internal sealed class CertificateConnections : IDisposable
{
    private readonly ConcurrentDictionary<ConnectionContext, Proof.Certificate> _open = new();
    private readonly Clients _clients;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    public CertificateConnections(Clients clients, TimeProvider time)
    {
        (_clients, _time) = (clients, time);
        _timer = time.CreateTimer(_ => CheckAll(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        clients.Changed += CheckAll;
    }

    /// <summary>The middleware of connections, behind the handshake.</summary>
    public ConnectionDelegate Note(ConnectionDelegate next) => async connection =>
    {
        if (connection.Features.Get<ShownCertificate>()?.Proof is not { } proof || _clients.Find(proof).Caller is null)
        {
            await next(connection);
            return;
        }

        _open[connection] = proof;
        try
        {
            CheckAll();
            await next(connection);
        }
        finally
        {
            _open.TryRemove(connection, out _);
        }
    };

    public void Dispose()
    {
        _clients.Changed -= CheckAll;
        _timer.Dispose();
    }

    private void CheckAll()
    {
        DateTimeOffset? soonest = null;
        foreach (var (connection, proof) in _open)
        {
            if (_clients.Find(proof).Caller is null)
            {
                _open.TryRemove(connection, out _);
                connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
            }
            else if (!(proof.NotAfter >= soonest))
            {
                soonest = proof.NotAfter;
            }
        }

        _timer.WakeAt(_time, soonest);
    }
}
