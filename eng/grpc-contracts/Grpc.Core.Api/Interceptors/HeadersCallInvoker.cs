using Grpc.Core.Utils;

namespace Grpc.Core.Interceptors;

/// <summary>Passes every call on with the headers a function makes of the caller's; it is given empty ones when there are none.</summary>
internal sealed class HeadersCallInvoker(CallInvoker next, Func<Metadata, Metadata> change) : CallInvoker
{
    private readonly CallInvoker _next = GrpcPreconditions.CheckNotNull(next, "invoker");
    private readonly Func<Metadata, Metadata> _change = GrpcPreconditions.CheckNotNull(change, "interceptor");

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        _next.BlockingUnaryCall(method, host, Changed(options), request);

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        _next.AsyncUnaryCall(method, host, Changed(options), request);

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        _next.AsyncServerStreamingCall(method, host, Changed(options), request);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        _next.AsyncClientStreamingCall(method, host, Changed(options));

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        _next.AsyncDuplexStreamingCall(method, host, Changed(options));

    private CallOptions Changed(CallOptions options) => options.WithHeaders(_change(options.Headers ?? []));
}
