using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Primitives;

namespace ClawGrpc.Server.Access;

/// <summary>
/// What the requests of a connection showed last, and the caller it led to: a feature of the connection. A request that shows the
/// same is not proved again, for as long as the clients are the same ones, what was shown is valid, and <see cref="Longest"/>.
/// </summary>
internal sealed class LastShown
{
    /// <summary>How long a proof counts without being looked at again.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private volatile Entry? _last;

    /// <summary>The middleware of connections.</summary>
    public static ConnectionDelegate Keep(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(new LastShown());
        return next(connection);
    };

    /// <summary>The result for a request that shows the same; null if it has to be proved.</summary>
    public AuthenticateResult? Find(HttpContext context, ClientDirectory directory, DateTimeOffset now) =>
        _last is { } last && ReferenceEquals(last.Directory, directory) && now < last.Until && now >= last.Proved
            && IsSame(last.Authorization, context.Request.Headers.Authorization)
            && IsSame(last.ApiKey, context.Request.Headers[MessagesToken.ApiKey]) ? last.Result : null;

    /// <summary>
    /// Notes what was proved. What was refused is proved again each time, and so is a JWT, since its issuer's keys may change.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="directory">The clients as they were before it was proved.</param>
    /// <param name="now">When that began.</param>
    /// <param name="result">What came of it.</param>
    public void Note(HttpContext context, ClientDirectory directory, DateTimeOffset now, AuthenticateResult result)
    {
        if (result.Principal?.Identity is not CallerIdentity { Caller: { Proof: not Proof.Jwt } caller })
            return;
        var until = caller.Expires is { } end && end < now + Longest ? end : now + Longest;
        _last = new Entry(
            context.Request.Headers.Authorization, context.Request.Headers[MessagesToken.ApiKey], directory, now, until, result);
    }

    // In a time that does not tell where the two differ.
    private static bool IsSame(StringValues shown, StringValues header) => (shown, header) switch
    {
        ([], []) => true,
        ([{ } one], [{ } other]) => CryptographicOperations.FixedTimeEquals(
            MemoryMarshal.AsBytes(one.AsSpan()), MemoryMarshal.AsBytes(other.AsSpan())),
        _ => false,
    };

    private sealed record Entry(
        StringValues Authorization, StringValues ApiKey, ClientDirectory Directory, DateTimeOffset Proved, DateTimeOffset Until,
        AuthenticateResult Result);
}

/// <summary>Finds out who calls, once for each connection and proof as long as nothing changes.</summary>
internal sealed class Identification(Clients clients, TimeProvider time, Func<HttpContext, string> schemeOf)
{
    public Task IdentifyAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<LastShown>()?.Find(context, clients.Directory, time.GetUtcNow()) is not { } known)
            return ProveAsync(context, next);
        Take(context, known);
        return next(context);
    }

    private async Task ProveAsync(HttpContext context, RequestDelegate next)
    {
        var (directory, now) = (clients.Directory, time.GetUtcNow());
        var result = await context.AuthenticateAsync(schemeOf(context));
        context.Features.Get<LastShown>()?.Note(context, directory, now, result);
        Take(context, result);
        await next(context);
    }

    private static void Take(HttpContext context, AuthenticateResult result)
    {
        if (result.Principal is not null)
            context.User = result.Principal;
        context.Features.Set<IAuthenticateResultFeature>(new Shown { AuthenticateResult = result });
    }

    private sealed class Shown : IAuthenticateResultFeature
    {
        public AuthenticateResult? AuthenticateResult { get; set; }
    }
}
