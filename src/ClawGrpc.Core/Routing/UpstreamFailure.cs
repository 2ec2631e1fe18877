namespace ClawGrpc.Core.Routing;

/// <summary>A failure that was seen upstream, with its facts.</summary>
/// <param name="Kind">What it means.</param>
/// <param name="Message">Upstream's words, unchanged; ClawGrpc's own if upstream sent none.</param>
internal sealed record UpstreamFailure(FailureKind Kind, string Message)
{
    private const int LeastError = 400;
    private const int BadRequest = 400;

    /// <summary>The HTTP status; 0 if none came.</summary>
    public int Status { get; init; }

    /// <summary><c>error.type</c>; null if there is none.</summary>
    public string? ErrorType { get; init; }

    /// <summary><c>error.details.error_code</c>; null if there is none.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>Upstream's name of the answer; null if none came.</summary>
    public string? RequestId { get; init; }

    /// <summary>When upstream says a repeat may succeed; null if it does not say.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>
    /// The window of the plan that is used up, such as <c>five_hour</c>; null if it is unknown or there is no plan.
    /// </summary>
    public string? Claim { get; init; }

    /// <summary>What is set aside: what the row says, except for a plan's window that holds for every model.</summary>
    public SetsAside SetsAside { get; init; } = FailureTable.RowOf(Kind).SetsAside;

    /// <summary>Upstream's error envelope as it came; empty if none came.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Whether upstream forbids a repeat (<c>x-should-retry: false</c>).</summary>
    public bool ForbidsRepeat { get; init; }

    /// <summary>Whether the connection was lost before anything of an answer came.</summary>
    public bool WasUnanswered { get; init; }

    /// <summary>The row of the table.</summary>
    public FailureRow Row => FailureTable.RowOf(Kind);

    /// <summary>How it ends the call: the row's column, with the code and the status that upstream's status calls for.</summary>
    /// <exception cref="InvalidOperationException">The caller has left: nothing is answered.</exception>
    public FailureEnd End
    {
        get
        {
            var end = Row.End ?? throw new InvalidOperationException($"{Kind} answers nothing.");
            foreach (var (status, code) in end.Exceptions)
            {
                if (status == Status)
                    end = end with { Code = code };
            }

            // An error inside a stream came with status 200.
            return end.HttpStatus != FailureEnd.AsUpstream
                ? end
                : end with { HttpStatus = Status >= LeastError ? Status : BadRequest };
        }
    }
}
