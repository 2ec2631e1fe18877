using Grpc.Core.Utils;

namespace Grpc.Core;

/// <summary>What generated clients derive from.</summary>
public abstract class ClientBase
{
    /// <summary>Without a channel: every call throws. For test doubles.</summary>
    protected ClientBase() : this(new UnimplementedCallInvoker()) { }

    /// <summary>From another client's configuration.</summary>
    protected ClientBase(ClientBaseConfiguration configuration)
    {
        Configuration = GrpcPreconditions.CheckNotNull(configuration, nameof(configuration));
        CallInvoker = configuration.Host is null
            ? configuration.CallInvoker
            : new HostCallInvoker(configuration.CallInvoker, configuration.Host);
    }

    /// <summary>On a channel.</summary>
    public ClientBase(ChannelBase channel) : this(GrpcPreconditions.CheckNotNull(channel, nameof(channel)).CreateCallInvoker()) { }

    /// <summary>On an invoker.</summary>
    public ClientBase(CallInvoker callInvoker) : this(new ClientBaseConfiguration(callInvoker, null)) { }

    /// <summary>What the calls go to.</summary>
    protected CallInvoker CallInvoker { get; }

    internal ClientBaseConfiguration Configuration { get; }

    /// <summary>What a client is made from; opaque.</summary>
    protected internal class ClientBaseConfiguration
    {
        internal ClientBaseConfiguration(CallInvoker callInvoker, string? host)
        {
            CallInvoker = GrpcPreconditions.CheckNotNull(callInvoker, nameof(callInvoker));
            Host = host;
        }

        internal CallInvoker CallInvoker { get; }

        internal string? Host { get; }

        internal ClientBaseConfiguration WithHost(string host) => new(CallInvoker, GrpcPreconditions.CheckNotNull(host, nameof(host)));
    }
}

/// <summary>What generated clients derive from, knowing their own type.</summary>
public abstract class ClientBase<T> : ClientBase
    where T : ClientBase<T>
{
    /// <summary>Without a channel: every call throws. For test doubles.</summary>
    protected ClientBase() { }

    /// <summary>From another client's configuration.</summary>
    protected ClientBase(ClientBaseConfiguration configuration) : base(configuration) { }

    /// <summary>On a channel.</summary>
    public ClientBase(ChannelBase channel) : base(channel) { }

    /// <summary>On an invoker.</summary>
    public ClientBase(CallInvoker callInvoker) : base(callInvoker) { }

    /// <summary>The same client, naming another host in its calls.</summary>
    public T WithHost(string host) => NewInstance(Configuration.WithHost(host));

    /// <summary>A client from a configuration.</summary>
    protected abstract T NewInstance(ClientBaseConfiguration configuration);
}
