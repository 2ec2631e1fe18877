namespace Grpc.Core.Interceptors;

/// <summary>A call on its way out.</summary>
public struct ClientInterceptorContext<TRequest, TResponse>
    where TRequest : class
    where TResponse : class
{
    /// <summary>A call to a method with options.</summary>
    public ClientInterceptorContext(Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        Method = method;
        Host = host;
        Options = options;
    }

    /// <summary>The method.</summary>
    public Method<TRequest, TResponse> Method { get; }

    /// <summary>The host the client was told to name, or null.</summary>
    public string? Host { get; }

    /// <summary>What the caller set.</summary>
    public CallOptions Options { get; }
}
