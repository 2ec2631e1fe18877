using System.Security.Claims;
using ClawGrpc.Core.Access;
using Microsoft.AspNetCore.Authentication;

namespace ClawGrpc.Server.Access;

/// <summary>The caller, as ASP.NET Core carries identities.</summary>
internal sealed class CallerIdentity(Caller caller) : ClaimsIdentity(caller.Proof.Kind)
{
    public Caller Caller { get; } = caller;

    public override string Name => Caller.Client.Name;

    /// <summary>The caller of a request; null if it is not known.</summary>
    public static Caller? Of(HttpContext context) => (context.User.Identity as CallerIdentity)?.Caller;

    public static AuthenticateResult ResultOf(Caller caller, string scheme) => AuthenticateResult.Success(
        new AuthenticationTicket(new ClaimsPrincipal(new CallerIdentity(caller)), scheme));
}
