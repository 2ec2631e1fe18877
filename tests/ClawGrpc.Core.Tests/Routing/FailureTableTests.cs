using ClawGrpc.Core.Routing;

namespace ClawGrpc.Core.Tests.Routing;

/// <summary>
/// The failure table is what docs/failures.md promises, and its reasons are the names that stand in <c>usageStats</c>.
/// </summary>
public class FailureTableTests
{
    // "the route, or the profile when the window is not of one model" is the route's row: the window decides on the profile.
    private static readonly Dictionary<string, SetsAside> Scopes = new()
    {
        ["nothing"] = SetsAside.Nothing,
        ["the route"] = SetsAside.Route,
        ["the profile"] = SetsAside.Profile,
    };

    private static readonly Dictionary<string, Clock> Clocks = new()
    {
        ["none"] = Clock.None,
        ["ladder; longer when `retry-after` or a rate-limit reset says so"] = Clock.Ladder,
        ["ladder, first step only"] = Clock.FirstStep,
        ["exactly the stated reset, never capped"] = Clock.StatedReset,
        ["5, 10, 20, 24 h (configurable)"] = Clock.BillingBackoff,
    };

    [Fact]
    public void Docs_tell_every_row()
    {
        var told = DocumentedRows().ToList();
        Assert.Equal(Enum.GetNames<FailureKind>(), told.Select(row => row.Kind));
        Assert.All(told.Zip(FailureTable.Rows), pair =>
        {
            var ((kind, setsAside, next, clock, code), row) = pair;
            Assert.Equal(kind, $"{row.Kind}");
            Assert.Equal(Scopes.First(scope => setsAside.StartsWith(scope.Key, StringComparison.Ordinal)).Value, row.SetsAside);
            Assert.Equal(next.StartsWith("yes", StringComparison.Ordinal), row.TriesNext);
            Assert.Equal(next.Contains("retries in place", StringComparison.Ordinal), row.RetriesInPlace);
            Assert.Equal(Clocks[clock], row.Clock);
            Assert.Equal(code.Split(" / ").Order(), CodesOf(row).Order());
        });
    }

    // openclaw-spec.md, section 5.1, has the first six; it knows no name for the others.
    [Theory]
    [InlineData(FailureKind.RateLimited, "rate_limit")]
    [InlineData(FailureKind.PlanExhausted, "rate_limit")]
    [InlineData(FailureKind.TimedOut, "timeout")]
    [InlineData(FailureKind.Billing, "billing")]
    [InlineData(FailureKind.CredentialRejected, "auth")]
    [InlineData(FailureKind.AccountRefused, "auth_permanent")]
    [InlineData(FailureKind.NotPermitted, "not_permitted")]
    [InlineData(FailureKind.ModelNotFound, "model_not_found")]
    [InlineData(FailureKind.RequestTooCostly, "too_costly")]
    [InlineData(FailureKind.RequestRejected, "format")]
    [InlineData(FailureKind.Overloaded, "overloaded")]
    [InlineData(FailureKind.ServerError, "server_error")]
    [InlineData(FailureKind.Interrupted, "interrupted")]
    [InlineData(FailureKind.Cancelled, "cancelled")]
    internal void A_reason_has_OpenClaws_name_where_OpenClaw_has_one(FailureKind kind, string reason) =>
        Assert.Equal((kind, reason), (FailureTable.RowOf(kind).Kind, FailureTable.RowOf(kind).Name));

    [Fact]
    public void A_failure_that_ends_the_call_sets_nothing_aside() =>
        Assert.All(FailureTable.Rows.Where(row => !row.TriesNext), row => Assert.Equal(SetsAside.Nothing, row.SetsAside));

    [Fact]
    public void Every_kind_has_one_row() =>
        Assert.Equal(Enum.GetValues<FailureKind>(), FailureTable.Rows.Select(row => row.Kind));

    [Theory]
    [InlineData(FailureKind.RequestRejected, 404, RefusalCode.NotFound, 404)]
    [InlineData(FailureKind.NotPermitted, 403, RefusalCode.PermissionDenied, 503)]
    [InlineData(FailureKind.NotPermitted, 200, RefusalCode.PermissionDenied, 503)]
    [InlineData(FailureKind.ModelNotFound, 404, RefusalCode.NotFound, 404)]
    [InlineData(FailureKind.AccountRefused, 400, RefusalCode.FailedPrecondition, 503)]
    [InlineData(FailureKind.RequestTooCostly, 429, RefusalCode.ResourceExhausted, 429)]
    [InlineData(FailureKind.RequestRejected, 413, RefusalCode.InvalidArgument, 413)]
    [InlineData(FailureKind.RequestRejected, 200, RefusalCode.InvalidArgument, 400)]
    [InlineData(FailureKind.ServerError, 504, RefusalCode.DeadlineExceeded, 503)]
    [InlineData(FailureKind.ServerError, 0, RefusalCode.Unavailable, 503)]
    [InlineData(FailureKind.Overloaded, 503, RefusalCode.Unavailable, 529)]
    [InlineData(FailureKind.TimedOut, 0, RefusalCode.Unavailable, 504)]
    internal void Upstreams_status_decides_where_the_row_says_so(FailureKind kind, int status, RefusalCode code, int httpStatus)
    {
        var end = new UpstreamFailure(kind, "") { Status = status }.End;
        Assert.Equal((code, httpStatus), (end.Code, end.HttpStatus));
    }

    // "NotFound" is NOT_FOUND. A caller that has left gets no answer; gRPC itself calls that CANCELLED.
    private static IEnumerable<string> CodesOf(FailureRow row) => row.End is null
        ? ["CANCELLED"]
        : row.End.Exceptions.Select(exception => exception.Code).Prepend(row.End.Code)
            .Select(code => string.Concat($"{code}".Select(
                (letter, at) => at > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{letter}")).ToUpperInvariant());

    // "rate limited" is RateLimited.
    private static IEnumerable<(string Kind, string SetsAside, string Next, string Clock, string Code)> DocumentedRows()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "ClawGrpc.sln")))
            root = root.Parent!;
        return File.ReadLines(Path.Combine(root.FullName, "docs", "failures.md"))
            .SkipWhile(line => !line.StartsWith("| Failure |", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => (
                string.Concat(cells[1].Split(' ').Select(word => char.ToUpperInvariant(word[0]) + word[1..])),
                cells[3], cells[4].Replace("*", "", StringComparison.Ordinal), cells[5],
                cells[6].Split(" + ")[0].Split(',')[0]));
    }
}
