using Grpc.Core.Utils;

namespace Grpc.Core;

/// <summary>A call that ended with anything but OK.</summary>
public class RpcException : Exception
{
    /// <summary>From a status; the message is the status as text.</summary>
    public RpcException(Status status) : this(status, Metadata.Empty, status.ToString()) { }

    /// <summary>From a status, with a message of the caller's own.</summary>
    public RpcException(Status status, string message) : this(status, Metadata.Empty, message) { }

    /// <summary>From a status and the trailers that go with it.</summary>
    public RpcException(Status status, Metadata trailers) : this(status, trailers, status.ToString()) { }

    /// <summary>From a status, trailers and a message.</summary>
    public RpcException(Status status, Metadata trailers, string message) : base(message, status.DebugException)
    {
        Status = status;
        Trailers = GrpcPreconditions.CheckNotNull(trailers);
    }

    /// <summary>The status.</summary>
    public Status Status { get; }

    /// <summary>The code of <see cref="Status"/>.</summary>
    public StatusCode StatusCode => Status.StatusCode;

    /// <summary>The trailers; empty when none came.</summary>
    public Metadata Trailers { get; }
}
