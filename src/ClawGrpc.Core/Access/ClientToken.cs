using System.Collections.Immutable;
using System.Security.Cryptography;

namespace ClawGrpc.Core.Access;

/// <summary>A token of a client, as it is kept: it can be recognized, and not be told.</summary>
internal sealed record ClientToken
{
    /// <summary>The first part of the token, which is no secret.</summary>
    public required string Id { get; init; }

    /// <summary>What its maker calls it; may be empty.</summary>
    public string Label { get; init; } = "";

    /// <summary>The one agent that it may be used for; empty for those of its client.</summary>
    public string Agent { get; init; } = "";

    /// <summary>The one session that it may be used for; empty for any.</summary>
    public string Session { get; init; } = "";

    /// <summary>The newest first; at most two, of which the second is in its time of grace.</summary>
    public required ImmutableArray<TokenGeneration> Generations { get; init; }

    /// <summary>About when it was last used; null if never.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>The generation with this hash that is valid; null if there is none.</summary>
    public TokenGeneration? Find(ReadOnlySpan<byte> hash, DateTimeOffset now)
    {
        TokenGeneration? found = null;
        foreach (var generation in Generations)
        {
            if (CryptographicOperations.FixedTimeEquals(generation.Hash.AsSpan(), hash) && generation.IsValid(now))
                found = generation;
        }

        return found;
    }

    /// <summary>With a new generation; the one of now stays valid for the grace, if it would last that long.</summary>
    public ClientToken Rotated(TokenGeneration next, TimeSpan grace)
    {
        var last = Generations[0];
        var end = next.Created + grace;
        var leaving = last with { Expires = last.Expires is { } expires && expires < end ? expires : end };
        return this with { Generations = grace > TimeSpan.Zero ? [next, leaving] : [next] };
    }

    public override string ToString() => $"token {Id}";
}

/// <summary>One secret of a token.</summary>
/// <param name="Hash">The keyed hash of the secret.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Expires">When it ends; null if never.</param>
internal sealed record TokenGeneration(ImmutableArray<byte> Hash, DateTimeOffset Created, DateTimeOffset? Expires)
{
    public bool IsValid(DateTimeOffset now) => Expires is not { } end || now < end;

    public override string ToString() => "(token generation)";
}
