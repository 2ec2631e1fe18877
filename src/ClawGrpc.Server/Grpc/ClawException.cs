using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Status = Google.Rpc.Status;

namespace ClawGrpc.Server.Grpc;

/// <summary>A refusal with its facts; text, metadata and details of the call's status are all made from them.</summary>
internal sealed class ClawException(ErrorReason reason, StatusCode code, string message) : Exception(message)
{
    private const string Domain = "clawgrpc.v1";
    public const string DetailsTrailer = "grpc-status-details-bin";

    public ErrorReason Reason { get; } = reason;

    public StatusCode Code { get; } = code;

    /// <summary>Facts for programs; never a secret.</summary>
    public Dictionary<string, string> Facts { get; } = [];

    /// <summary>Every wrong field of the request; empty: it is not about fields.</summary>
    public List<(string Field, string Description)> Fields { get; } = [];

    /// <summary>When a repeat may succeed; null: not known.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What was done before it failed; null: nothing was.</summary>
    public Receipt? Receipt { get; init; }

    public ClawException With(string fact, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            Facts[fact] = value;
        return this;
    }

    public RpcException ToRpcException()
    {
        var message = Fitting.Message(Message);
        var status = new Status { Code = (int)Code, Message = message };
        var info = new ErrorInfo { Reason = NameOf(Reason), Domain = Domain };
        foreach (var (name, value) in Facts)
            info.Metadata.Add(name, Fitting.Fact(value));
        status.Details.Add(Any.Pack(info));
        if (RetryAfter is { } wait)
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(wait > TimeSpan.Zero ? wait : TimeSpan.Zero) }));
        if (Fields.Count > 0)
        {
            var request = new BadRequest();
            request.FieldViolations.AddRange(Fitting.Fields(Fields).Select(field =>
                new BadRequest.Types.FieldViolation { Field = field.Field, Description = field.Description }));
            status.Details.Add(Any.Pack(request));
        }

        var trailers = new Metadata { { DetailsTrailer, status.ToByteArray() } };
        if (Receipt is not null)
            trailers.Add("clawgrpc-receipt-bin", Fitting.Receipt(Receipt).ToByteArray());
        return new RpcException(new global::Grpc.Core.Status(Code, message), trailers);
    }

    /// <summary>The reason as it stands in ErrorInfo: the enum's proto name without its prefix.</summary>
    public static string NameOf(ErrorReason reason) =>
        ErrorReasonReflection.Descriptor.EnumTypes[0].FindValueByNumber((int)reason).Name["ERROR_REASON_".Length..];
}
