using ClawGrpc.Core.Access;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.V1;
using Google.Protobuf;
using Grpc.Core;

namespace ClawGrpc.Server.Grpc;

/// <summary>The calls of AccessService about the audit.</summary>
internal sealed class AuditCalls(AuditLog audit, IHostApplicationLifetime lifetime)
{
    private const int UsualLines = 20;
    private const int MostLines = 10_000;

    public async Task<GetAuditHeadResponse> HeadAsync(CancellationToken cancellation)
    {
        using var reading = await audit.ReadAsync(cancellation);
        return new GetAuditHeadResponse
        {
            Sequence = reading.Head.Sequence,
            Hash = reading.Head.Hash,
            Path = audit.Path,
            Problem = audit.Problem ?? "",
        };
    }

    public async Task<VerifyAuditResponse> VerifyAsync(VerifyAuditRequest request, CancellationToken cancellation)
    {
        var anchor = new AuditHead(request.AnchorSequence, request.AnchorHash.Trim().ToLowerInvariant());
        if (anchor.Sequence < 0 || (anchor.Sequence > 0) != (anchor.Hash.Length == AuditLine.HashLength))
        {
            throw Refusal.InvalidField("anchor_hash", $"Expected {AuditLine.HashLength} digits together with anchor_sequence")
                .ToException();
        }

        using var reading = await audit.ReadAsync(cancellation);
        var verified = await Task.Run(() => reading.Verify(anchor, cancellation), cancellation);
        var check = verified.Check;
        var problem = check.BadLine == 0 && anchor.Sequence > 0 && !verified.HasAnchor
            ? $"the line {anchor.Sequence} with the hash that was kept is not there"
            : check.Problem;
        return new VerifyAuditResponse
        {
            Valid = problem.Length == 0,
            LineCount = check.Lines,
            FirstSequence = check.First,
            LastSequence = check.Head.Sequence,
            Hash = check.Head.Hash,
            Problem = problem,
            BadPath = verified.BadPath,
            BadLine = verified.BadLine,
            TornLineCount = check.TornLines,
            EndsTorn = check.EndsTorn,
        };
    }

    public async Task TailAsync(
        TailAuditRequest request, IServerStreamWriter<TailAuditResponse> writer, CancellationToken writing,
        CancellationToken cancellation)
    {
        if (request.LineCount is < 0 or > MostLines)
            throw Refusal.InvalidField("line_count", $"Expected 0 to {MostLines}").ToException();
        var reading = await audit.ReadAsync(cancellation);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping, cancellation);
            foreach (var line in reading.Last(request.LineCount == 0 ? UsualLines : request.LineCount))
                await writer.WriteAsync(MessageOf(line), writing);
            while (request.Follow)
            {
                await reading.Changed.WaitAsync(either.Token);
                var next = await audit.ReadAsync(cancellation);
                var earlier = reading;
                reading = next;
                using (earlier)
                {
                    foreach (var line in next.After(earlier))
                        await writer.WriteAsync(MessageOf(line), writing);
                }
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested
            && !cancellation.IsCancellationRequested)
        {
            throw Refusal.Stopping().ToException();
        }
        finally
        {
            reading.Dispose();
        }
    }

    private static TailAuditResponse MessageOf(byte[] line) => new() { Line = UnsafeByteOperations.UnsafeWrap(line) };
}
