using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Grpc.Mapping;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ClawGrpc.Server.Grpc;

/// <summary>Turns whatever a call throws into one status with one ErrorInfo, and logs a fault of our own once.</summary>
internal sealed partial class ErrorInterceptor(StoppedCalls stopped, ILogger<ErrorInterceptor> log) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw StatusOf(exception, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw StatusOf(exception, context);
        }
    }

    private RpcException StatusOf(Exception exception, ServerCallContext context)
    {
        var call = context.GetHttpContext().Features.Get<LiveCall>();
        if ((StateRefusals.Of(exception) ?? call?.Refusal ?? StoppingOf(context)) is { } refusal)
        {
            call?.Answer = refusal;
            return refusal.ToRpcException();
        }

        if (context.CancellationToken.IsCancellationRequested)
        {
            // The caller left or its deadline passed: writes and waits then fail in various ways, none of which is anybody's
            // fault.
            var late = context.Deadline <= DateTime.UtcNow;
            return new RpcException(new Status(
                late ? StatusCode.DeadlineExceeded : StatusCode.Cancelled, late ? "Deadline exceeded." : "Cancelled."));
        }

        var incident = context.GetHttpContext().TraceIdentifier;
        LogFault(exception, context.Method, incident);
        var fault = new Refusal(
            RefusalReason.Internal, RefusalCode.Internal, $"ClawGrpc failed; its log says why under {incident}.")
            .With("incident", incident);
        call?.Answer = fault;
        return fault.ToRpcException();
    }

    private Refusal? StoppingOf(ServerCallContext context) =>
        stopped.IsCut && context.CancellationToken.IsCancellationRequested ? Refusal.Stopping() : null;

    [LoggerMessage(1, LogLevel.Error, "{Method} failed ({Incident})")]
    private partial void LogFault(Exception exception, string method, string incident);
}
