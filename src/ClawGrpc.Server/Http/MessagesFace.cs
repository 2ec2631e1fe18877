using ClawGrpc.Core.Access;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Access;
using ClawGrpc.Server.Grpc;
using Microsoft.AspNetCore.Connections;

namespace ClawGrpc.Server.Http;

/// <summary>
/// Anthropic's Messages API on a listener of its own, for programs that take a base URL. Its routes are on no other listener, and
/// nothing else is on this one.
/// </summary>
internal sealed partial class MessagesFace(StoppedCalls stopped, ILogger<MessagesFace> log)
{
    private static readonly Answers Words = new(HttpErrors.WriteAsync, static refusal => refusal.ToException());

    /// <summary>The middleware of the connections of this face.</summary>
    public static ConnectionDelegate Mark(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(Words);
        return next(connection);
    };

    /// <summary>Adds what the face is made of.</summary>
    public static void Add(IServiceCollection services) =>
        services.AddSingleton<MessagesFace>().AddSingleton<MessagesEndpoints>().AddSingleton<ModelsEndpoints>()
            .AddSingleton<ReadyEndpoint>();

    /// <summary>
    /// Keeps the faces apart. Behind the routing, and before what looks at callers: what there is not, is not told with a 401.
    /// </summary>
    public static void Separate(WebApplication app)
    {
        app.UseRouting();
        app.Use(static (context, next) =>
        {
            var isOurs = context.Features.Get<Answers>() is not null;
            if (context.GetEndpoint()?.Metadata.GetMetadata<OfFace>() is not null == isOurs)
                return next(context);
            if (isOurs)
                return HttpErrors.WriteAsync(context, NoSuchRoute(context.Request));
            context.SetEndpoint(null);
            return next(context);
        });
    }

    /// <summary>Maps the routes, at <c>/</c> and at <c>/anthropic</c>.</summary>
    public static void Map(WebApplication app)
    {
        var face = app.Services.GetRequiredService<MessagesFace>();
        var (messages, models) = (
            app.Services.GetRequiredService<MessagesEndpoints>(), app.Services.GetRequiredService<ModelsEndpoints>());
        app.MapGet("/readyz", app.Services.GetRequiredService<ReadyEndpoint>().AnswerAsync)
            .WithMetadata(OfFace.Instance).AllowAnonymous();
        foreach (var root in new[] { "", "/anthropic" })
        {
            Endpoint("/v1/messages", HttpMethods.Post, RpcAccess.Completion, messages.CreateAsync);
            Endpoint("/v1/messages/count_tokens", HttpMethods.Post, new RpcAccess(Scopes.Complete), messages.CountAsync);
            Endpoint("/v1/models", HttpMethods.Get, new RpcAccess(Scopes.Status), models.ListAsync);
            Endpoint("/v1/models/{id}", HttpMethods.Get, new RpcAccess(Scopes.Status), models.GetAsync);
            Open("/api/hello", HttpMethods.Head, static _ => Task.CompletedTask);
            Open("/v1/oauth/token", HttpMethods.Post, static context => HttpErrors.WriteAsync(context, NoExchange));

            void Endpoint(string path, string method, RpcAccess access, Func<HttpContext, Task> handle) =>
                app.MapMethods(root + path, [method], context => face.HandleAsync(context, handle))
                    .WithMetadata(OfFace.Instance).Require(access);

            void Open(string path, string method, RequestDelegate handle) =>
                app.MapMethods(root + path, [method], handle).WithMetadata(OfFace.Instance).AllowAnonymous();
        }
    }

    private static Refusal NoExchange => new(RefusalReason.NotImplemented, RefusalCode.Unimplemented,
        "ClawGrpc exchanges no identity for a token here. Unset ANTHROPIC_FEDERATION_RULE_ID, and set ANTHROPIC_AUTH_TOKEN to a "
        + "ClawGrpc token.");

    private static Refusal NoSuchRoute(HttpRequest request) => new(RefusalReason.NotImplemented, RefusalCode.Unimplemented,
        $"There is no {request.Method} {request.Path} here. ClawGrpc serves /v1/messages, /v1/messages/count_tokens and "
        + "/v1/models, at / and at /anthropic.");

    private async Task HandleAsync(HttpContext context, Func<HttpContext, Task> handle)
    {
        try
        {
            await handle(context);
        }
        catch (Exception exception) when (RefusalOf(exception, context) is { } refusal)
        {
            await AnswerAsync(context, refusal);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has left: writes and waits then fail in various ways, none of which is anybody's fault.
            context.Abort();
        }
        catch (Exception exception)
        {
            var incident = context.TraceIdentifier;
            LogFault(exception, context.Request.Path, incident);
            await AnswerAsync(context, new Refusal(
                RefusalReason.Internal, RefusalCode.Internal, $"ClawGrpc failed; its log says why under {incident}."));
        }
    }

    private Refusal? RefusalOf(Exception exception, HttpContext context) => StateRefusals.Of(exception)
        ?? context.Features.Get<LiveCall>()?.Refusal
        ?? (stopped.IsCut && context.RequestAborted.IsCancellationRequested ? Refusal.Stopping() : null);

    private static async Task AnswerAsync(HttpContext context, Refusal refusal)
    {
        context.Features.Get<LiveCall>()?.Answer = refusal;
        if (!context.Response.HasStarted)
        {
            await HttpErrors.WriteAsync(context, refusal);
            return;
        }

        await context.Response.BodyWriter.WriteAsync(HttpErrors.EventOf(refusal), CancellationToken.None);
    }

    [LoggerMessage(1, LogLevel.Error, "{Method} failed ({Incident})")]
    private partial void LogFault(Exception exception, string method, string incident);

    /// <summary>Metadata of the endpoints of this face.</summary>
    private sealed class OfFace
    {
        public static readonly OfFace Instance = new();
    }
}
