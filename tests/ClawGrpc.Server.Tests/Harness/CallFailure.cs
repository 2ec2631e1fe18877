using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Rpc;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>How a call failed, read strictly: whatever the contract promises of an error must be there, once.</summary>
internal sealed class CallFailure
{
    private readonly Google.Rpc.Status _status;

    public CallFailure(RpcException exception)
    {
        Exception = exception;
        var details = exception.Trailers.GetValueBytes("grpc-status-details-bin");
        Assert.True(details is not null, $"No details: {exception.Status}");
        _status = Google.Rpc.Status.Parser.ParseFrom(details);
        Assert.Equal((int)exception.StatusCode, _status.Code);
        Assert.Equal(exception.Status.Detail, _status.Message);
        var info = Assert.Single(DetailsOf<ErrorInfo>());
        Assert.Equal("clawgrpc.v1", info.Domain);
        (Reason, Facts) = (info.Reason, info.Metadata);
        Assert.True(ErrorReasonReflection.Descriptor.EnumTypes[0].FindValueByName(
            $"ERROR_REASON_{Reason}") is not null, $"{Reason} is no reason of the contract.");
    }

    public RpcException Exception { get; }

    public StatusCode Code => Exception.StatusCode;

    public string Message => Exception.Status.Detail;

    /// <summary>The reason of the one ErrorInfo.</summary>
    public string Reason { get; }

    public MapField<string, string> Facts { get; }

    /// <summary>Null if there is no RetryInfo.</summary>
    public TimeSpan? RetryDelay => DetailsOf<RetryInfo>().SingleOrDefault()?.RetryDelay.ToTimeSpan();

    /// <summary>The fields of BadRequest.</summary>
    public IReadOnlyList<string> Fields =>
        [.. (DetailsOf<BadRequest>().SingleOrDefault()?.FieldViolations ?? []).Select(violation => violation.Field)];

    /// <summary>The receipt in the trailers; null if there is none.</summary>
    public Receipt? Receipt =>
        Exception.Trailers.GetValueBytes("clawgrpc-receipt-bin") is { } bytes ? Receipt.Parser.ParseFrom(bytes) : null;

    /// <summary>The failure of a call that must fail.</summary>
    public static async Task<CallFailure> OfAsync(Func<Task> call) => new(await Assert.ThrowsAsync<RpcException>(call));

    public override string ToString() => $"{Code} {Reason}: {Message}";

    private IEnumerable<T> DetailsOf<T>()
        where T : class, IMessage<T>, new() =>
            _status.Details.Where(detail => detail.Is(new T().Descriptor)).Select(detail => detail.Unpack<T>());
}
