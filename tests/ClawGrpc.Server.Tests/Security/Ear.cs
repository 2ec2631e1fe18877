using System.Text;
using ClawGrpc.Server.Tests.Harness;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>Hears everything that calls bring back: messages, errors, headers and trailers, bytes and texts.</summary>
internal sealed class Ear : Interceptor
{
    private readonly StringBuilder _heard = new();

    public string All => _heard.ToString();

    public void Hear(object? what) => _heard.Append(what).Append('\n');

    public void Hear(Answer answer)
    {
        foreach (var part in answer.Parts)
            Hear(part);
        if (answer.Failure is { } failure)
            Hear(failure.Exception);
    }

    public async Task TryAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (RpcException exception)
        {
            Hear(exception);
        }
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest,
            TResponse> continuation)
    {
        var call = continuation(request, context);
        return new AsyncUnaryCall<TResponse>(
            HearAsync(call), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    private async Task<TResponse> HearAsync<TResponse>(AsyncUnaryCall<TResponse> call)
    {
        var response = await call.ResponseAsync;
        Hear(((IMessage)response!).ToString());
        Hear(Encoding.UTF8.GetString(((IMessage)response!).ToByteArray()));
        Hear(await call.ResponseHeadersAsync, call.GetTrailers());
        return response;
    }

    private void Hear(RpcException exception)
    {
        Hear(exception.ToString());
        Hear(exception.Trailers);
    }

    public void Hear(params Metadata[] metadata)
    {
        foreach (var entry in metadata.SelectMany(all => all))
            Hear($"{entry.Key}: {(entry.IsBinary ? Encoding.UTF8.GetString(entry.ValueBytes) : entry.Value)}");
    }
}
