using System.Collections.Immutable;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>A request that is ready to be sent.</summary>
internal sealed record UpstreamRequest(Uri Url, ImmutableArray<RequestHeader> Headers, ReadOnlyMemory<byte> Body)
{
    private const string Scheme = "Bearer ";
    private const int ShortestSecret = 6;

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
    public string WithoutSecrets(string text)
    {
        foreach (var header in Headers)
        {
            var value = header.Value.Reveal();
            var skip = value.StartsWith(Scheme, StringComparison.Ordinal) ? Scheme.Length : 0;

            // Fewer characters than these are no secret, and stand in any text.
            if (header.Shown != value && value.Length - skip >= ShortestSecret)
                text = text.Replace(value[skip..], header.Shown[skip..], StringComparison.Ordinal);
        }

        return text;
    }
}
