using System.Collections.Concurrent;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ClawGrpc.Gateway.Access;

/// <summary>Verifies tokens of the issuers of the configuration. What a token names beside its issuer leads nowhere.</summary>
internal sealed class Issuers(
    LiveConfiguration configuration, StateFolder folder, TimeProvider time, ILogger<IssuerKeys> log) : IDisposable
{
    private readonly ConcurrentDictionary<(string Keys, string? Ca), IssuerKeys> _keys = new();
    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = JwtRules.LongestToken };

    /// <summary>What a token proves, or why it proves nothing, which is for the log alone.</summary>
    public async ValueTask<(Proof.Jwt? Proof, string Why)> VerifyAsync(string token, CancellationToken cancellation)
    {
        var (facts, why) = JwtText.Read(token);
        if (facts is null)
            return (null, why);
        var issuer = configuration.Current.Configuration.Service.Issuers.FirstOrDefault(each => each.Name == facts.Issuer);
        if (issuer is null)
            return (null, "its issuer (iss) is not configured");
        if (JwtRules.ProblemOf(facts, issuer, time.GetUtcNow()) is { } problem)
            return (null, problem);
        var known = _keys.GetOrAdd((issuer.Keys, issuer.KeysCa), _ => new IssuerKeys(issuer, folder, time, log));
        var keys = await known.FindAsync(facts.KeyId, cancellation);
        var fitting = keys.Where(key => key.Alg is null or "" || key.Alg == facts.Algorithm).ToList();
        if (fitting.Count == 0)
            return (null, "the issuer has no such key (kid), or its keys cannot be had");
        return await IsSignedAsync(token, issuer, fitting)
            ? (new Proof.Jwt(facts.Issuer, facts.Subject, facts.Claims, facts.Expires!.Value + JwtRules.ClockSkew), "")
            : (null, "its signature is wrong");
    }

    public void Dispose()
    {
        foreach (var keys in _keys.Values)
            keys.Dispose();
    }

    // The rules have judged the times by the server's clock.
    private async Task<bool> IsSignedAsync(string token, JwtIssuer issuer, IEnumerable<SecurityKey> keys) =>
        (await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidAlgorithms = issuer.Algorithms,
            ValidIssuer = issuer.Name,
            ValidAudience = issuer.Audience,
            IssuerSigningKeys = keys,
            LifetimeValidator = static (_, expires, _, _) => expires is not null,
        })).IsValid;
}
