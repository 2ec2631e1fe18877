using ClawGrpc.Core;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway;
using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using HttpResponse = Microsoft.AspNetCore.Http.HttpResponse;
using Status = Google.Rpc.Status;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>
/// A refusal as the call's status: the text, one ErrorInfo, and RetryInfo, BadRequest and receipt where they apply. What a caller
/// has pasted into the wrong field and looks like a secret is hidden, since callers log errors.
/// </summary>
internal static class RefusalMapping
{
    public const string DetailsTrailer = "grpc-status-details-bin";
    private const string ReceiptTrailer = "clawgrpc-receipt-bin";
    private const string Domain = "clawgrpc.v1";
    private const string ReasonPrefix = "ERROR_REASON_";

    private static readonly Dictionary<RefusalReason, string> Reasons = System.Enum.GetValues<RefusalReason>().ToDictionary(
        reason => reason, reason => ProtoNameOf(ByName.To<RefusalReason, ErrorReason>(reason))[ReasonPrefix.Length..]);

    /// <summary>The name of a reason in the contract, such as <c>AGENT_NOT_FOUND</c>.</summary>
    public static string NameOf(RefusalReason reason) => Reasons[reason];

    public static RpcException ToRpcException(this Refusal refusal)
    {
        var info = new ErrorInfo { Reason = Reasons[refusal.Reason], Domain = Domain };
        foreach (var (name, value) in MetadataBudget.Facts(refusal.Facts))
            info.Metadata.Add(name, SecretText.ForError(value));
        var code = ByName.To<RefusalCode, StatusCode>(refusal.Code);
        var status = new Status { Code = (int)code, Message = MetadataBudget.Message(SecretText.ForError(refusal.Message)) };
        status.Details.Add(Any.Pack(info));
        if (refusal.RetryAfter is { } wait)
        {
            status.Details.Add(
                Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(wait > TimeSpan.Zero ? wait : TimeSpan.Zero) }));
        }
        if (!refusal.Fields.IsEmpty)
        {
            var request = new BadRequest();
            request.FieldViolations.AddRange(MetadataBudget.Fields(refusal.Fields).Select(field =>
                new BadRequest.Types.FieldViolation
                {
                    Field = field.Path,
                    Description = SecretText.ForError(field.Description),
                }));
            status.Details.Add(Any.Pack(request));
        }

        var error = status.ToRpcException();
        if (refusal.Receipt is { } receipt && MetadataBudget.Receipt(ReceiptMapping.ToMessage(receipt), status) is { } fitting)
            error.Trailers.Add(ReceiptTrailer, fitting.ToByteArray());
        return error;
    }

    /// <summary>Answers a call that no handler sees.</summary>
    public static void Answer(HttpResponse response, Refusal refusal)
    {
        var error = refusal.ToRpcException();
        response.ContentType = "application/grpc";
        Write(response.Headers, error);
    }

    /// <summary>Writes the status of a call, in headers or trailers.</summary>
    public static void Write(IHeaderDictionary headers, RpcException error)
    {
        headers["grpc-status"] = $"{(int)error.StatusCode}";
        headers["grpc-message"] = Uri.EscapeDataString(error.Status.Detail);
        headers[DetailsTrailer] = Convert.ToBase64String(error.Trailers.GetValueBytes(DetailsTrailer)!);
    }

    private static string ProtoNameOf(ErrorReason reason) =>
        ErrorReasonReflection.Descriptor.EnumTypes[0].FindValueByNumber((int)reason).Name;
}
