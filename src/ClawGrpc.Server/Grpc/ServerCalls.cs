using ClawGrpc.Gateway.Status;
using ClawGrpc.Gateway.Upstream;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Server.Grpc;

/// <summary>Where the server listens now.</summary>
internal delegate IEnumerable<Listener> OpenListeners();

/// <summary>The call of AccessService about the server itself.</summary>
internal sealed class ServerCalls(OpenListeners listeners, Gateway.Status.UpstreamCheck upstream, TimeProvider time)
{
    public async Task<GetServerResponse> GetAsync(GetServerRequest request, CancellationToken cancellation)
    {
        var response = new GetServerResponse { Version = ProductVersion.Text, Listeners = { listeners() } };
        if (request.CheckUpstream)
            response.Upstream = MessageOf(await upstream.AskAsync(cancellation));

        // Last, so that it is not as old as upstream's answer took.
        response.Time = Timestamp.FromDateTimeOffset(time.GetUtcNow());
        return response;
    }

    private static V1.UpstreamCheck MessageOf(Reached reached) => new()
    {
        BaseUrl = reached.BaseUrl,
        Problem = reached.Problem,
        HttpStatus = reached.Status ?? 0,
        Duration = Duration.FromTimeSpan(reached.Took),
        Time = reached.Time is { } at ? Timestamp.FromDateTimeOffset(at) : null,
    };
}
