using System.Collections.Concurrent;
using System.Reflection;
using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using RpcStatus = Google.Rpc.Status;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>The answers of a scripted server by the type of the request, and the requests that it received.</summary>
public sealed class Script
{
    private readonly Dictionary<System.Type, Func<IMessage, IMessage>> _answers = [];

    /// <summary>Whether requests without an answer of their own get a <see cref="Sample"/>, in place of UNIMPLEMENTED.</summary>
    public bool HasSamples { get; set; }

    /// <summary>All requests, in the order received.</summary>
    public ConcurrentQueue<IMessage> Requests { get; } = new();

    /// <summary>The <c>authorization</c> of each call, in the order received; empty if it had none.</summary>
    public ConcurrentQueue<string> Authorizations { get; } = new();

    /// <summary>Serves a watch; null to answer UNIMPLEMENTED.</summary>
    public Func<WatchStatusRequest, IServerStreamWriter<WatchStatusResponse>, CancellationToken, Task>? Watch { get; set; }

    /// <summary>The results of a probe.</summary>
    public IReadOnlyList<ProbeProfilesResponse> Probe { get; set; } = [];

    /// <summary>Serves a streamed completion; null to answer UNIMPLEMENTED.</summary>
    public Func<StreamCompleteRequest, IServerStreamWriter<StreamCompleteResponse>, ServerCallContext, Task>? Stream { get; set; }

    /// <summary>Sets the answer to requests of a type.</summary>
    public Script On<TRequest>(Func<TRequest, IMessage> answer)
        where TRequest : IMessage
    {
        _answers[typeof(TRequest)] = request => answer((TRequest)request);
        return this;
    }

    /// <summary>The only request of a type.</summary>
    public TRequest Single<TRequest>() => Assert.Single(Requests.OfType<TRequest>());

    internal Task<TResponse> Answer<TResponse>(IMessage request)
    {
        Requests.Enqueue(request);
        return _answers.TryGetValue(request.GetType(), out var answer) ? Task.FromResult((TResponse)answer(request))
            : HasSamples ? Task.FromResult((TResponse)Sample.Of(typeof(TResponse)))
            : throw Failure(
                StatusCode.Unimplemented,
                ErrorReason.NotImplemented,
                $"This server does not do {request.Descriptor.Name} yet.");
    }

    /// <summary>An error as ClawGrpc sends it.</summary>
    public static RpcException Failure(
        StatusCode code,
        ErrorReason reason,
        string message,
        Dictionary<string, string>? metadata = null,
        params IMessage[] details) =>
        FailureWithTrailers(code, reason, message, metadata, details, []);

    /// <summary>The same with further trailers.</summary>
    public static RpcException FailureWithTrailers(
        StatusCode code,
        ErrorReason reason,
        string message,
        Dictionary<string, string>? metadata,
        IMessage[] details,
        Metadata trailers)
    {
        var name = typeof(ErrorReason).GetField(reason.ToString())!.GetCustomAttribute<OriginalNameAttribute>()!.Name;
        var info = new ErrorInfo { Domain = "clawgrpc.v1", Reason = name["ERROR_REASON_".Length..] };
        if (metadata is not null)
            info.Metadata.Add(metadata);
        var status = new RpcStatus { Code = (int)code, Message = message };
        status.Details.Add(Any.Pack(info));
        status.Details.Add(details.Select(Any.Pack));
        trailers.SetRpcStatus(status);
        return new RpcException(new Grpc.Core.Status(code, message), trailers);
    }

    /// <summary>The error for an invalid field.</summary>
    public static RpcException InvalidField(string field, string description)
    {
        var violation = new BadRequest
        {
            FieldViolations = { new BadRequest.Types.FieldViolation { Field = field, Description = description } },
        };
        return Failure(
            StatusCode.InvalidArgument,
            ErrorReason.InvalidField,
            $"{field}: {description}",
            new() { ["field"] = field },
            violation);
    }
}
