using Grpc.Core.Utils;

namespace Grpc.Core;

/// <summary>How messages of one type become bytes and come back.</summary>
/// <remarks>
/// The transport calls the contextual pair alone, so that a message can be written straight into its buffer and read from
/// the bytes where they lie. A marshaller made from the contextual pair has no array pair: that one throws.
/// </remarks>
public class Marshaller<T>
{
    /// <summary>From functions over whole arrays.</summary>
    public Marshaller(Func<T, byte[]> serializer, Func<byte[], T> deserializer)
    {
        Serializer = GrpcPreconditions.CheckNotNull(serializer, nameof(serializer));
        Deserializer = GrpcPreconditions.CheckNotNull(deserializer, nameof(deserializer));
        ContextualSerializer = (message, context) => context.Complete(Serializer(message));
        ContextualDeserializer = context => Deserializer(context.PayloadAsNewBuffer());
    }

    /// <summary>From functions over the transport's own buffers.</summary>
    public Marshaller(Action<T, SerializationContext> serializer, Func<DeserializationContext, T> deserializer)
    {
        ContextualSerializer = GrpcPreconditions.CheckNotNull(serializer, nameof(serializer));
        ContextualDeserializer = GrpcPreconditions.CheckNotNull(deserializer, nameof(deserializer));
        Serializer = _ => throw new NotImplementedException();
        Deserializer = _ => throw new NotImplementedException();
    }

    /// <summary>A message to a whole array.</summary>
    public Func<T, byte[]> Serializer { get; }

    /// <summary>A whole array to a message.</summary>
    public Func<byte[], T> Deserializer { get; }

    /// <summary>A message to the transport.</summary>
    public Action<T, SerializationContext> ContextualSerializer { get; }

    /// <summary>The transport's bytes to a message.</summary>
    public Func<DeserializationContext, T> ContextualDeserializer { get; }
}
