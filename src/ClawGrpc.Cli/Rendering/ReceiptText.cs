using System.Globalization;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Rendering;

/// <summary>A receipt, or a plan, as text for people.</summary>
internal static class ReceiptText
{
    private const int LabelWidth = 10;

    /// <summary>Writes the text.</summary>
    public static void Write(TextWriter writer, Receipt receipt)
    {
        foreach (var line in Lines(receipt))
        {
            writer.Write(line);
            writer.Write('\n');
        }
    }

    /// <summary>A line for each attempt that failed.</summary>
    public static IEnumerable<string> Failures(Receipt receipt) => receipt.Attempts
        .Where(attempt => attempt.Outcome is AttemptOutcome.Failed or AttemptOutcome.Interrupted)
        .Select(Of);

    private static IEnumerable<string> Lines(Receipt receipt)
    {
        var isPlan = receipt.Attempts.Any(attempt => attempt.Outcome == AttemptOutcome.Planned);
        yield return isPlan ? "Plan; nothing was sent" : $"Receipt {receipt.CompletionId}";
        yield return Row(isPlan ? "serves" : "served by", ServedBy(receipt));
        foreach (var attempt in receipt.Attempts)
            yield return Row("attempt", Of(attempt));
        if (receipt.Sent is { } sent)
        {
            yield return Row("request", $"{sent.Url}, {sent.BodyBytes} bytes");
            foreach (var header in sent.Headers)
                yield return Row("", $"{header.Name}: {header.Value}");
        }

        if (receipt.Cache is { } cache)
            yield return Row("cache", Of(cache));
        if (receipt.Usage is { } usage)
            yield return Row("usage", Words.Of(usage));
        if (receipt.Cost is { } cost)
            yield return Row("cost", Of(cost));
        var times = Times(receipt);
        if (times.Length > 0)
            yield return Row("time", times);
        if (receipt.RequestId.Length > 0)
            yield return Row("request id", receipt.RequestId);
    }

    private static string ServedBy(Receipt receipt)
    {
        var served = receipt.Attempts.LastOrDefault(attempt =>
            attempt.Outcome is AttemptOutcome.Served or AttemptOutcome.Interrupted or AttemptOutcome.Planned);
        if (served is null)
            return "nothing";
        var session = receipt.SessionId.Length > 0 ? $", session {receipt.SessionId}" : "";
        return $"{Profile(receipt.ProfileId)}, {receipt.Model}{session}";
    }

    private static string Of(Attempt attempt)
    {
        var failure = Words.Of(attempt.Failure);
        var facts = new[]
        {
            $"{Profile(attempt.ProfileId)}, {attempt.Model}: {Words.Of(attempt.Outcome)}",
            failure,
            attempt.HttpStatus > 0 && attempt.HttpStatus != 200 ? attempt.HttpStatus.ToString(CultureInfo.InvariantCulture) : "",
            attempt.ErrorCode,
            attempt.Claim,
            attempt.Message,
            attempt.RetriesInPlace > 0 ? $"after {attempt.RetriesInPlace} retries in place" : "",
            attempt.RecoverTime is { } until ? $"set aside until {until.ToDateTimeOffset():yyyy-MM-dd'T'HH:mm:ss'Z'}" : "",
        };
        return string.Join(", ", facts.Where(fact => fact.Length > 0));
    }

    private static string Of(CacheReceipt cache)
    {
        var by = cache.RequestedBy.Length > 0 ? $" (by {cache.RequestedBy})" : "";
        var requested = cache.Applied == cache.Requested ? "" : $" instead of {Words.Of(cache.Requested)}";
        var reason = cache.Reason.Length > 0 ? $": {cache.Reason}" : "";
        var breakpoints = cache.Breakpoints.Count == 0
            ? "no breakpoints"
            : "breakpoints " + string.Join(", ", cache.Breakpoints.Select(Of));
        return $"{Words.Of(cache.Applied)}{requested}{by}{reason}; {breakpoints}";
    }

    private static string Of(CacheBreakpoint breakpoint) =>
        $"{breakpoint.Path} {breakpoint.Ttl}{(breakpoint.FromCaller ? " (yours)" : "")}";

    private static string Of(Cost cost)
    {
        var saved = cost.CacheSavedNanoUsd == 0 ? "" : $", {Words.SavedByCache(cost)}";
        var unpriced = cost.Unpriced.Length > 0 ? $", and {cost.Unpriced}" : "";
        var source = cost.PriceSource.Length > 0 ? $" (prices: {cost.PriceSource})" : "";
        return $"{Words.Dollars(cost.TotalNanoUsd)}{saved}{unpriced}{source}";
    }

    private static string Times(Receipt receipt)
    {
        var first = receipt.TimeToFirstEvent is { } toFirst ? $"{Seconds(toFirst)} to the first event" : "";
        var total = receipt.Duration is { } duration ? $"{Seconds(duration)} in all" : "";
        return string.Join(", ", new[] { first, total }.Where(time => time.Length > 0));
    }

    private static string Seconds(Duration duration) =>
        string.Create(CultureInfo.InvariantCulture, $"{duration.ToTimeSpan().TotalSeconds:0.00} s");

    private static string Profile(string profileId) =>
        profileId.Length > 0 ? profileId : "(key of the environment or configuration)";

    private static string Row(string label, string value) => $"  {label.PadRight(LabelWidth)}  {value}";
}
