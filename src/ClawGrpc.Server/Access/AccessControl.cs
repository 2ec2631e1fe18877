using ClawGrpc.Core.Access;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Server.Tls;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace ClawGrpc.Server.Access;

/// <summary>
/// Lets clients in and nobody else: what a request shows leads to a client, and the endpoint says what it takes. An endpoint that
/// says nothing is closed.
/// </summary>
internal static class AccessControl
{
    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<Clients>().AddSingleton<LiveCalls>().AddSingleton<Budgets>().AddSingleton<Issuers>()
            .AddSingleton<AuditLog>().AddSingleton<CallAudit>().AddSingleton<AuditInterceptor>()
            .AddSingleton<IAuthorizationHandler, RpcAccessHandler>()
            .AddSingleton<IAuthorizationMiddlewareResultHandler, RefusedRequests>();

        // Without the data protection that AddAuthentication brings: it would put keys into the home folder, for cookies.
        services.AddAuthenticationCore();
        services.AddWebEncoders();
        new AuthenticationBuilder(services)
            .AddScheme<AuthenticationSchemeOptions, PeerHandler>(PeerHandler.Name, null)
            .AddScheme<AuthenticationSchemeOptions, TokenHandler>(TokenHandler.Name, null)
            .AddScheme<AuthenticationSchemeOptions, JwtHandler>(JwtHandler.Name, null)
            .AddScheme<AuthenticationSchemeOptions, CertificateHandler>(CertificateHandler.Name, null)
            .AddScheme<AuthenticationSchemeOptions, LoopbackHandler>(LoopbackHandler.Name, null);
        ClientRates.Add(services);
        services.AddSingleton<UnknownPeers>().AddSingleton<Staleness>();
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(static _ => false).Build());
    }

    /// <summary>Puts authentication and authorization before what comes next, and notes the calls that are let in.</summary>
    public static void Use(WebApplication app)
    {
        var identification = new Identification(
            app.Services.GetRequiredService<Clients>(), app.Services.GetRequiredService<TimeProvider>(), SchemeOf);
        app.Use(identification.IdentifyAsync);

        // Without this WebApplication puts the framework's own middleware in front, which has no scheme to ask.
        ((IApplicationBuilder)app).Properties["__AuthenticationMiddlewareSet"] = true;
        app.UseAuthorization();
        app.Use(app.Services.GetRequiredService<Staleness>().RefuseAsync);
        app.UseWhen(ClientRates.IsLimited, limited => limited.UseRateLimiter());
        var (calls, audit) =
            (app.Services.GetRequiredService<LiveCalls>(), app.Services.GetRequiredService<CallAudit>());
        app.Use((context, next) => NoteAsync(context, next, calls, audit));
    }

    /// <summary>Requires of each RPC what its row says.</summary>
    /// <exception cref="InvalidOperationException">An RPC has no row.</exception>
    public static TBuilder Guard<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(endpoint =>
        {
            // An RPC that there is not is told so to clients alone.
            var access = endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault() is { Method.FullName: var rpc }
                ? RpcAccess.Find(rpc) ?? throw new InvalidOperationException($"{rpc} has no row in {nameof(RpcAccess)}.")
                : RpcAccess.AnyClient;
            Require(endpoint, access);
        });
        return endpoints;
    }

    /// <summary>Requires this of an endpoint.</summary>
    public static void Require(this IEndpointConventionBuilder endpoints, RpcAccess access) =>
        endpoints.Add(endpoint => Require(endpoint, access));

    private static void Require(EndpointBuilder endpoint, RpcAccess access)
    {
        endpoint.Metadata.Add(access);
        endpoint.Metadata.Add(new AuthorizationPolicyBuilder().AddRequirements(access).Build());
    }

    // What was shown explicitly counts before what the connection tells.
    private static string SchemeOf(HttpContext context)
    {
        if (context.Request.Headers.Authorization.Count > 0 || MessagesToken.IsShown(context))
            return JwtHandler.IsShown(context) ? JwtHandler.Name : TokenHandler.Name;
        if (context.Features.Get<ShownCertificate>() is not null)
            return CertificateHandler.Name;
        return context.Features.Get<Proof.Loopback>() is not null ? LoopbackHandler.Name : PeerHandler.Name;
    }

    private static async Task NoteAsync(HttpContext context, RequestDelegate next, LiveCalls calls, CallAudit audit)
    {
        if (CallerIdentity.Of(context) is not { } caller
            || context.GetEndpoint()?.Metadata.GetMetadata<RpcAccess>() is not { } access)
        {
            await next(context);
            return;
        }

        using var call = calls.Begin(caller, access.Scope, access.AllAgents, context.RequestAborted);
        context.RequestAborted = call.Ended;
        context.Features.Set(call);
        try
        {
            await next(context);
        }
        finally
        {
            audit.Note(context, call, access);
        }
    }

    private sealed class RpcAccessHandler : AuthorizationHandler<RpcAccess>
    {
        protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RpcAccess requirement)
        {
            if (context.User.Identity is CallerIdentity { Caller: var caller } && requirement.Permits(caller))
                context.Succeed(requirement);
            return Task.CompletedTask;
        }
    }

    /// <summary>Answers what is not let in.</summary>
    private sealed class RefusedRequests(CallAudit audit) : IAuthorizationMiddlewareResultHandler
    {
        public Task HandleAsync(
            RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
        {
            if (authorizeResult.Succeeded)
                return next(context);
            var refusal = RefusalOf(context);
            audit.NoteDenied(context, refusal);
            return Answers.RefuseByFaceAsync(context, refusal);
        }

        private static Refusal RefusalOf(HttpContext context)
        {
            if (context.Items.ContainsKey(MessagesToken.IsForeign))
                return AccessRefusals.ForeignCredential;
            if (CallerIdentity.Of(context) is not { } caller)
            {
                return context.Items.ContainsKey(ProofHandler.TooMany)
                    ? AccessRefusals.TooManyUnknown
                    : AccessRefusals.Unauthenticated;
            }

            var access = context.GetEndpoint()?.Metadata.GetMetadata<RpcAccess>();
            return access is null || caller.May(access.Scope)
                ? AccessRefusals.AllAgentsNeeded(caller)
                : AccessRefusals.ScopeMissing(caller, access.Scope);
        }
    }
}
