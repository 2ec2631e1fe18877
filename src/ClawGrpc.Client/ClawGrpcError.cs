using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace ClawGrpc.Client;

/// <summary>What a failed call says: the parts of the <c>google.rpc.Status</c> that every ClawGrpc error carries.</summary>
/// <remarks>The code speaks of the caller and ClawGrpc; the reason speaks of Anthropic and of the credentials.</remarks>
public sealed record ClawGrpcError
{
    /// <summary>The domain of ClawGrpc's own reasons.</summary>
    public const string Domain = "clawgrpc.v1";

    private const string DetailsTrailer = "grpc-status-details-bin";
    private const string ReceiptTrailer = "clawgrpc-receipt-bin";

    /// <summary>The gRPC code.</summary>
    public required StatusCode Code { get; init; }

    /// <summary>What went wrong, for people.</summary>
    public required string Message { get; init; }

    /// <summary>The reason; <see cref="ErrorReason.Unspecified"/>: the error is not ClawGrpc's own (a lost connection, a proxy),
    /// or its reason is newer than this library (then <see cref="ReasonName"/> still has it).</summary>
    public ErrorReason Reason { get; init; }

    /// <summary>The reason as sent, such as <c>RATE_LIMITED</c>; empty: none.</summary>
    public string ReasonName { get; init; } = "";

    /// <summary>The facts of the reason, as documented in <c>error_reason.proto</c>; empty: none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Every field of the request that is missing or wrong; empty: none.</summary>
    public IReadOnlyList<BadRequest.Types.FieldViolation> FieldViolations { get; init; } = [];

    /// <summary>How long to wait before the next try; null: not stated.</summary>
    public TimeSpan? RetryDelay { get; init; }

    /// <summary>What a failed completion really did; null: the call was no completion, or it failed before there was a receipt.</summary>
    public Receipt? Receipt { get; init; }

    /// <summary>Reads an error out of the exception that a call failed with. Never throws: what cannot be read is left out.</summary>
    /// <param name="exception">What the call threw.</param>
    public static ClawGrpcError From(RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var error = new ClawGrpcError
        {
            Code = exception.StatusCode,
            Message = exception.Status.Detail,
            Receipt = Read(exception.Trailers, ReceiptTrailer, Receipt.Parser),
        };
        return Read(exception.Trailers, DetailsTrailer, Google.Rpc.Status.Parser) is { } status
            ? status.Details.Aggregate(error, With)
            : error;
    }

    private static ClawGrpcError With(ClawGrpcError error, Any detail)
    {
        try
        {
            if (detail.TryUnpack<ErrorInfo>(out var info) && info.Domain == Domain)
                return error with { Reason = ReasonOf(info.Reason), ReasonName = info.Reason, Metadata = info.Metadata };
            if (detail.TryUnpack<BadRequest>(out var badRequest)) return error with { FieldViolations = badRequest.FieldViolations };
            if (detail.TryUnpack<RetryInfo>(out var retry)) return error with { RetryDelay = retry.RetryDelay?.ToTimeSpan() };
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidOperationException)
        {
            // A detail that cannot be read says nothing; the code and the message still do.
        }

        return error;
    }

    private static ErrorReason ReasonOf(string name)
    {
        var value = ErrorReasonReflection.Descriptor.EnumTypes[0].FindValueByName("ERROR_REASON_" + name);
        return value is null ? ErrorReason.Unspecified : (ErrorReason)value.Number;
    }

    private static T? Read<T>(Metadata trailers, string name, MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        try
        {
            return trailers.GetValueBytes(name) is { } bytes ? parser.ParseFrom(bytes) : null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
