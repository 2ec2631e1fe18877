using System.Threading.Channels;
using Grpc.Core;

namespace ClawGrpc.Contracts.Tests;

/// <summary>What the server saw of calls; a test awaits it instead of sleeping.</summary>
public sealed class ServerView
{
    private readonly Channel<Seen> _calls = Channel.CreateUnbounded<Seen>();
    private readonly Channel<bool> _left = Channel.CreateUnbounded<bool>();

    /// <summary>One call as its method saw it.</summary>
    public sealed record Seen(Metadata Headers, DateTime Deadline, string Method, string Peer, string? Encoding);

    public void Saw(ServerCallContext context) =>
        _calls.Writer.TryWrite(new Seen(
            context.RequestHeaders,
            context.Deadline,
            context.Method,
            context.Peer,
            context.GetHttpContext().Request.Headers["grpc-encoding"]));

    public void Left() => _left.Writer.TryWrite(true);

    /// <summary>The next call that began.</summary>
    public Task<Seen> NextCall() => _calls.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Done when a waiting method was told that its caller has left.</summary>
    public Task CallerLeft() => _left.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
}
