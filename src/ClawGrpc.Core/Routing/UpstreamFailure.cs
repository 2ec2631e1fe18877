namespace ClawGrpc.Core.Routing;

/// <summary>A failure that was seen upstream, with its facts.</summary>
/// <param name="Kind">What it means.</param>
/// <param name="Message">Upstream's words, unchanged; our own when it had none.</param>
internal sealed record UpstreamFailure(FailureKind Kind, string Message)
{
    /// <summary>The HTTP status; 0: none came.</summary>
    public int Status { get; init; }

    /// <summary><c>error.type</c>; null: none.</summary>
    public string? ErrorType { get; init; }

    /// <summary><c>error.details.error_code</c>; null: none.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>Upstream's name of the answer; null: none came.</summary>
    public string? RequestId { get; init; }

    /// <summary>When upstream says a repeat may succeed; null: it does not say.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The window of the plan that is used up, such as <c>five_hour</c>; null: not known or no plan.</summary>
    public string? Claim { get; init; }

    /// <summary>What is set aside: the row's, but for a plan's window that holds for every model.</summary>
    public SetsAside SetsAside { get; init; } = FailureTable.RowOf(Kind).SetsAside;

    /// <summary>Whether upstream forbids a repeat (<c>x-should-retry: false</c>).</summary>
    public bool ForbidsRepeat { get; init; }

    /// <summary>The row of the table.</summary>
    public FailureRow Row => FailureTable.RowOf(Kind);
}
