using Grpc.Core;

namespace ClawGrpc.Contracts.Tests;

/// <summary>Does what the text of a request says, for the tests to look at from the other side.</summary>
public sealed class EchoService(ServerView view) : Echo.EchoBase
{
    public override async Task<EchoResponse> Once(EchoRequest request, ServerCallContext context)
    {
        view.Saw(context);
        switch (request.Text)
        {
            case "wait":
                await Forever(context);
                break;
            case "throw":
                throw new InvalidOperationException("not for callers");
            case "fail":
                throw new RpcException(
                    new Status(StatusCode.FailedPrecondition, "not yet: ½"),
                    new Metadata { { "why", "because" }, { "proof-bin", [0, 255, 7] } });
            case "status":
                context.Status = new Status(StatusCode.NotFound, "set, not thrown");
                break;
            case "headers":
                await context.WriteResponseHeadersAsync(new Metadata { { "early", "header" } });
                context.ResponseTrailers.Add("late", "trailer");
                break;
        }

        return new EchoResponse { Text = request.Text, Payload = request.Payload };
    }

    public override async Task Many(EchoRequest request, IServerStreamWriter<EchoResponse> responseStream, ServerCallContext context)
    {
        view.Saw(context);
        for (var i = 0; i < request.Times; i++)
            await responseStream.WriteAsync(new EchoResponse { Text = $"{request.Text} {i}", Payload = request.Payload });
        if (request.Text == "wait")
            await Forever(context);
        if (request.Text == "fail")
            throw new RpcException(new Status(StatusCode.Aborted, "broke off"), new Metadata { { "sent", $"{request.Times}" } });
    }

    public override async Task<EchoResponse> Collect(IAsyncStreamReader<EchoRequest> requestStream, ServerCallContext context)
    {
        var texts = new List<string>();
        await foreach (var request in requestStream.ReadAllAsync())
            texts.Add(request.Text);
        return new EchoResponse { Text = string.Join(' ', texts) };
    }

    public override async Task Each(
        IAsyncStreamReader<EchoRequest> requestStream, IServerStreamWriter<EchoResponse> responseStream, ServerCallContext context)
    {
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
            await responseStream.WriteAsync(new EchoResponse { Text = request.Text }, context.CancellationToken);
    }

    private async Task Forever(ServerCallContext context)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }
        finally
        {
            view.Left();
        }
    }
}
