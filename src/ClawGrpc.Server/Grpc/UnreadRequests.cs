using ClawGrpc.Gateway;
using ClawGrpc.Server.Grpc.Mapping;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace ClawGrpc.Server.Grpc;

/// <summary>
/// Gives the errors that the framework makes before any code of ours is reached (a message that is too large, torn or none; an
/// RPC that there is not) what every error has: a code that speaks of the caller, one reason, and words that say what to do.
/// </summary>
internal static partial class UnreadRequests
{
    /// <summary>
    /// The longest message that is taken: Anthropic takes requests of 32 MB, and the message around one is a little larger.
    /// </summary>
    public const int MaxMessageBytes = 36 * 1024 * 1024;

    private const string Status = "grpc-status";
    private const string Message = "grpc-message";

    /// <summary>The middleware.</summary>
    public static async Task ExplainAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        var trailers = context.Response.HasStarted
            ? context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers
            : context.Response.Headers;
        if (trailers is null || !int.TryParse(trailers[Status], out var code) || code == 0
            || trailers.ContainsKey(RefusalMapping.DetailsTrailer))
        {
            return;
        }
        var path = $"{context.Request.Path}";
        if (Explain((StatusCode)code, path, Uri.UnescapeDataString($"{trailers[Message]}")) is not { } refusal)
            return;
        if ((StatusCode)code == StatusCode.Unknown)
            LogUnread(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(UnreadRequests)), path);
        RefusalMapping.Write(trailers, refusal.ToRpcException());
    }

    // What a handler throws has its details by then; a caller that left or was late knows it by itself.
    private static Refusal? Explain(StatusCode code, string rpc, string detail) => code switch
    {
        StatusCode.ResourceExhausted => Refusal.InvalidField(
            "request", $"Expected at most {MaxMessageBytes} bytes, of which Anthropic takes {32 * 1024 * 1024}"),
        StatusCode.Unknown or StatusCode.InvalidArgument =>
            Refusal.InvalidField("request", "Expected the message of this RPC; what came cannot be read as one"),
        StatusCode.Internal => Refusal.InvalidField("request", detail.Length > 0 ? detail : "Expected one whole message"),
        StatusCode.Unimplemented => Refusal.NotImplemented(rpc.TrimStart('/'), detail),
        _ => null,
    };

    // A line for who looks for it, in place of the framework's trace: it is the caller's mistake, and the caller is told.
    [LoggerMessage(2, LogLevel.Debug, "{Path} was sent a message that cannot be read")]
    private static partial void LogUnread(ILogger log, string path);
}
