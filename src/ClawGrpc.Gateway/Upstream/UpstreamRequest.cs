using System.Collections.Immutable;
using System.Text;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>A request that is ready to be sent.</summary>
internal sealed record UpstreamRequest(Uri Url, ImmutableArray<RequestHeader> Headers, ReadOnlyMemory<byte> Body)
{
    private const string Scheme = "Bearer ";
    private (SecretForms Forms, string Shown)[]? _secrets;

    /// <summary>The credential that one of the headers carries.</summary>
    public required Secret Credential { get; init; }

    public HttpMethod Method { get; init; } = HttpMethod.Post;

    /// <summary>Whether to send it on a connection that served no request before.</summary>
    public bool OnNewConnection { get; init; }

    /// <summary>What the cache policy did; null if it has no say in this request.</summary>
    public CachePlan? Cache { get; init; }

    /// <summary>The failure with every secret of this request masked in upstream's words.</summary>
    public UpstreamFailure WithoutSecrets(UpstreamFailure failure) => failure with
    {
        Message = WithoutSecrets(failure.Message),
        ErrorType = failure.ErrorType is { } type ? WithoutSecrets(type) : null,
        ErrorCode = failure.ErrorCode is { } code ? WithoutSecrets(code) : null,
        RequestId = failure.RequestId is { } id ? WithoutSecrets(id) : null,
        Claim = failure.Claim is { } claim ? WithoutSecrets(claim) : null,
    };

    /// <summary>A text of upstream's, which may repeat what it was given, with every secret of this request masked.</summary>
    public string WithoutSecrets(string text) => Masked(text, static (forms, text, shown) => forms.Mask(text, shown));

    /// <summary>The same of a body, which may be cut off.</summary>
    public ReadOnlyMemory<byte> WithoutSecrets(ReadOnlyMemory<byte> body)
    {
        var text = Encoding.UTF8.GetString(body.Span);
        var masked = Masked(text, static (forms, text, shown) => forms.MaskCut(text, shown));
        return ReferenceEquals(text, masked) ? body : Encoding.UTF8.GetBytes(masked);
    }

    private string Masked(string text, Func<SecretForms, string, string, string> mask)
    {
        foreach (var (forms, shown) in _secrets ??= [.. SecretsOf()])
            text = mask(forms, text, shown);
        return text;
    }

    private IEnumerable<(SecretForms Forms, string Shown)> SecretsOf()
    {
        foreach (var header in Headers)
        {
            var value = header.Value.Reveal();
            if (header.Shown == value)
                continue;
            var scheme = value.StartsWith(Scheme, StringComparison.Ordinal) ? Scheme.Length : 0;
            var hidden = value[scheme..];
            var secret = hidden == Credential.Reveal().Trim() ? Credential : new Secret(hidden);
            yield return (SecretForms.Of(secret), header.Shown[scheme..]);
        }
    }
}
