using ClawGrpc.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace ClawGrpc.Client;

/// <summary>The error of a failed call, read from the <c>google.rpc.Status</c> that ClawGrpc sends with each failure.</summary>
/// <remarks>The code speaks of the caller and ClawGrpc; the reason speaks of Anthropic and of the credentials.</remarks>
public sealed record ClawGrpcError
{
    /// <summary>The <c>ErrorInfo.domain</c> of ClawGrpc's own reasons.</summary>
    public const string Domain = "clawgrpc.v1";

    private const string ReceiptTrailer = "clawgrpc-receipt-bin";

    /// <summary>The gRPC code.</summary>
    public required StatusCode Code { get; init; }

    /// <summary>What went wrong, for people; may be empty.</summary>
    public required string Message { get; init; }

    /// <summary>The reason. <see cref="ErrorReason.Unspecified"/> if the error is not from ClawGrpc (a lost connection, a proxy),
    /// or if this library is older than the reason; then <see cref="ReasonName"/> has it.</summary>
    public ErrorReason Reason { get; init; }

    /// <summary>The reason as sent, such as <c>RATE_LIMITED</c>; empty if the error is not from ClawGrpc.</summary>
    public string ReasonName { get; init; } = "";

    /// <summary>The facts that belong to the reason, as <c>error_reason.proto</c> documents them; empty if there are
    /// none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Every missing or wrong field of the request; empty if the request was not refused for its fields.</summary>
    public IReadOnlyList<BadRequest.Types.FieldViolation> FieldViolations { get; init; } = [];

    /// <summary>How long to wait before the next try; null if the server stated no time.</summary>
    public TimeSpan? RetryDelay { get; init; }

    /// <summary>What a failed completion did; null if the call was not a completion, or failed before it had a receipt.</summary>
    public Receipt? Receipt { get; init; }

    /// <summary>Reads the error of a failed call. Never throws: details that cannot be parsed are left out.</summary>
    /// <param name="exception">The exception that the call threw.</param>
    public static ClawGrpcError From(RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var status = exception.Trailers.GetRpcStatus(ignoreParseError: true);
        var info = DetailOf<ErrorInfo>(status) is { Domain: Domain } own ? own : new ErrorInfo();
        return new ClawGrpcError
        {
            Code = exception.StatusCode,
            Message = exception.Status.Detail,
            Reason = ReasonOf(info.Reason),
            ReasonName = info.Reason,
            Metadata = info.Metadata,
            FieldViolations = DetailOf<BadRequest>(status)?.FieldViolations ?? [],
            RetryDelay = DelayOf(DetailOf<RetryInfo>(status)),
            Receipt = ReceiptOf(exception.Trailers),
        };
    }

    private static T? DetailOf<T>(Google.Rpc.Status? status)
        where T : class, IMessage<T>, new()
    {
        try
        {
            return status?.GetDetail<T>();
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static ErrorReason ReasonOf(string name)
    {
        var value = ErrorReasonReflection.Descriptor.EnumTypes[0].FindValueByName("ERROR_REASON_" + name);
        return value is null ? ErrorReason.Unspecified : (ErrorReason)value.Number;
    }

    private static TimeSpan? DelayOf(RetryInfo? retry)
    {
        try
        {
            return retry?.RetryDelay?.ToTimeSpan();
        }
        catch (InvalidOperationException)
        {
            // The duration is out of range.
            return null;
        }
    }

    private static Receipt? ReceiptOf(Metadata trailers)
    {
        try
        {
            return trailers.GetValueBytes(ReceiptTrailer) is { } bytes ? Receipt.Parser.ParseFrom(bytes) : null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
