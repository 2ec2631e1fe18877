using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>What a completion gave, streamed or whole, and how it ended.</summary>
internal sealed record Answer
{
    /// <summary>The text so far.</summary>
    public required string Text { get; init; }

    /// <summary>The messages of a stream, in order.</summary>
    public IReadOnlyList<StreamCompleteResponse> Parts { get; init; } = [];

    /// <summary>How it ended: <c>ok</c>, the reason, or over HTTP the status and the type.</summary>
    public string End
    {
        get => field ?? Failure?.Reason ?? "ok";
        init;
    }

    /// <summary>The headers of an answer over HTTP.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Null if it did not fail.</summary>
    public CallFailure? Failure { get; init; }

    /// <summary>The receipt, from whichever end it came.</summary>
    public required Receipt? Receipt { get; init; }

    /// <summary>The receipt of an answer that did not fail.</summary>
    public Receipt Served
    {
        get
        {
            Assert.True(Failure is null, $"{Failure}");
            return Receipt!;
        }
    }

    /// <summary>The failure of one that did.</summary>
    public CallFailure Failed => Failure ?? throw new InvalidOperationException($"It did not fail but said: {Text}");

    /// <summary>
    /// Such as <c>anthropic:one failed RateLimited 429, anthropic:two served</c>: every attempt of the receipt.
    /// </summary>
    public string Attempts => string.Join(", ", (Receipt ?? new Receipt()).Attempts.Select(attempt =>
        $"{(attempt.ProfileId.Length > 0 ? attempt.ProfileId : "(no profile)")} {attempt.Outcome.ToString().ToLowerInvariant()}"
        + $"{(attempt.Failure == FailureKind.Unspecified ? "" : $" {attempt.Failure} {attempt.HttpStatus}")}"));
}
