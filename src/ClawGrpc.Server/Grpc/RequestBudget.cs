using System.Collections.Concurrent;
using System.IO.Pipelines;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Server.Access;
using ClawGrpc.Server.Grpc.Mapping;
using Microsoft.AspNetCore.Http.Features;

namespace ClawGrpc.Server.Grpc;

/// <summary>
/// Bounds the memory of the requests under way: a large message counts from its first bytes to the end of its call, and a
/// compressed one as much as it may unpack to.
/// </summary>
internal sealed class RequestBudget(LiveConfiguration live)
{
    // Smaller messages are not counted; the number of streams of a connection bounds them.
    private const long Small = 64 * 1024;
    private const long Megabyte = 1024 * 1024;
    private readonly ConcurrentDictionary<string, ClientBytes> _ofClients = new(StringComparer.Ordinal);
    private long _held;

    /// <summary>How many bytes are held now.</summary>
    public long Held => Interlocked.Read(ref _held);

    private ServiceConfiguration Service => live.Current.Configuration.Service;

    /// <summary>The middleware.</summary>
    public async Task HoldAsync(HttpContext context, RequestDelegate next)
    {
        using var share = new Share(this, Answers.Of(context), context.Features.Get<LiveCall>()?.Caller.Client);
        if (context.Request.Headers.TryGetValue("grpc-encoding", out var coding) && coding != "identity")
        {
            if (!Service.CompressedRequests)
            {
                context.Response.Headers["grpc-accept-encoding"] = "identity";
                RefusalMapping.Answer(context.Response, Refusal.Compressed());
                return;
            }

            if (!share.TryHold(UnreadRequests.MaxMessageBytes))
            {
                RefusalMapping.Answer(context.Response, share.Refusal);
                return;
            }
        }

        context.Features.Set<IRequestBodyPipeFeature>(
            new CountedBody(context.Features.GetRequiredFeature<IRequestBodyPipeFeature>().Reader, share));
        await next(context);
    }

    /// <summary>What one request holds.</summary>
    private sealed class Share(RequestBudget budget, Answers answers, Client? client) : IDisposable
    {
        private readonly ClientBytes? _ofClient = client is { Limits.Megabytes: not null }
            ? budget._ofClients.GetOrAdd(client.Name, static _ => new ClientBytes())
            : null;

        private long _held;

        /// <summary>Why there was no room.</summary>
        public Refusal Refusal { get; private set; } = Refusal.Busy();

        /// <summary>To throw where the request is read.</summary>
        public Exception Exception => answers.ExceptionOf(Refusal);

        /// <summary>Holds this much in all. False if there is no room.</summary>
        public bool TryHold(long bytes)
        {
            var more = bytes - _held;
            if (bytes <= Small || more <= 0)
                return true;
            if (_ofClient is not null && Interlocked.Add(ref _ofClient.Bytes, more) > client!.Limits.Megabytes * Megabyte)
            {
                Interlocked.Add(ref _ofClient.Bytes, -more);
                Refusal = AccessRefusals.Limited(client.Name, "megabytes", null);
                return false;
            }

            if (Interlocked.Add(ref budget._held, more) > budget.Service.RequestsBytes)
            {
                Interlocked.Add(ref budget._held, -more);
                if (_ofClient is not null)
                    Interlocked.Add(ref _ofClient.Bytes, -more);
                return false;
            }

            _held = bytes;
            return true;
        }

        public void Dispose()
        {
            Interlocked.Add(ref budget._held, -_held);
            if (_ofClient is not null)
                Interlocked.Add(ref _ofClient.Bytes, -_held);
        }
    }

    /// <summary>What the requests of one client hold.</summary>
    private sealed class ClientBytes
    {
        public long Bytes;
    }

    /// <summary>A body that is counted as it comes.</summary>
    private sealed class CountedBody(PipeReader body, Share share) : PipeReader, IRequestBodyPipeFeature
    {
        public PipeReader Reader => this;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var read = await body.ReadAsync(cancellationToken);
            Count(read);
            return read;
        }

        public override bool TryRead(out ReadResult result)
        {
            if (!body.TryRead(out result))
                return false;
            Count(result);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed) => body.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) =>
            body.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => body.CancelPendingRead();

        public override void Complete(Exception? exception = null) => body.Complete(exception);

        private void Count(in ReadResult read)
        {
            if (share.TryHold(read.Buffer.Length))
                return;

            // Taken, so that the server can read on to the end, and the caller hears the answer.
            body.AdvanceTo(read.Buffer.End);
            throw share.Exception;
        }
    }
}
