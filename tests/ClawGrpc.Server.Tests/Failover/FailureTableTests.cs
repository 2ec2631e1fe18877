using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>The failure table, row by row: what the caller, the status and the next call see.</summary>
public class FailureTableTests
{
    public static TheoryData<string> Rows => [.. FailureRow.All.Keys];

    public static TheoryData<string, Face> RowsOfFaces => Faces.With(FailureRow.All.Keys);

    [Theory]
    [MemberData(nameof(RowsOfFaces))]
    public async Task A_failing_route_is_replaced_and_set_aside_as_its_row_says(string name, Face face)
    {
        var row = FailureRow.All[name];
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(row.Fault.ForKey(KeyOne).Forever());
        var answer = await fixture.PatientlyAsync(fixture.AskAsync(face));
        Assert.Equal(row.TriesNext ? "ok" : Faces.EndOf(face, row.Reason, row.HttpStatus), answer.End);
        Assert.Equal(
            [.. Enumerable.Repeat(KeyOne, row.Sends), .. row.TriesNext ? [KeyTwo] : Array.Empty<string>()],
            fixture.Sandbox.Requests.Select(request => request.Credential!));
        Assert.Equal(row.SetAside.Length > 0 ? $"{One} {row.SetAside}" : "", await fixture.UnusableAsync());
        if (face == Face.Http)
        {
            Assert.Equal(row.TriesNext ? ("2", Two) : ("", ""), (
                answer.Headers.GetValueOrDefault("x-clawgrpc-attempts", ""),
                answer.Headers.GetValueOrDefault("x-clawgrpc-profile", "")));
            return;
        }

        var failed = $"{One} failed {row.Kind} {row.HttpStatus}";
        Assert.Equal(row.TriesNext ? $"{failed}, {Two} served" : failed, answer.Attempts);
        Assert.Equal(row.Sends - 1, answer.Receipt!.Attempts[0].RetriesInPlace);
        if (row.TriesNext)
            Assert.Equal(("end_turn", Two), (answer.Served.StopReason, answer.Served.ProfileId));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task When_nothing_is_left_clients_over_HTTP_are_told_whether_to_wait(string name)
    {
        var row = FailureRow.All[name];
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(row.Fault.Forever());
        var answer = await fixture.PatientlyAsync(fixture.AskAsync(Face.Http, stream: false));
        Assert.Equal(Faces.EndOf(Face.Http, row.Reason, row.HttpStatus), answer.End);
        Assert.NotEmpty(answer.Headers["request-id"]);

        // 504 of upstream has no RetryInfo.
        var wait = row.Reason == "REQUEST_REJECTED" ? null : row.Retry;
        Assert.Equal(wait is { } span ? $"{span.TotalSeconds}" : "", answer.Headers.GetValueOrDefault("retry-after", ""));
        var isUseless = row.Reason switch
        {
            "REQUEST_REJECTED" or "SERVER_ERROR" => false,
            "MODEL_NOT_FOUND" => true,
            _ => answer.End[..3] is "429" or "503" && !(wait <= TimeSpan.FromMinutes(1)),
        };
        Assert.Equal(isUseless ? "false" : "", answer.Headers.GetValueOrDefault("x-should-retry", ""));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task When_nothing_is_left_the_error_is_the_rows(string name)
    {
        var row = FailureRow.All[name];
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(row.Fault.Forever());
        var answer = await fixture.PatientlyAsync(fixture.CompleteAsync());
        Assert.Equal((row.Code, row.Reason, row.Retry), (answer.Failed.Code, answer.Failed.Reason, answer.Failed.RetryDelay));
        Assert.Empty(answer.Failed.Fields);
        var each = new[] { One, Two }.Take(row.TriesNext ? 2 : 1).ToList();
        Assert.Equal(string.Join(", ", each.Select(profile => $"{profile} failed {row.Kind} {row.HttpStatus}")), answer.Attempts);
        Assert.Equal($"{each.Count}", answer.Failed.Facts["attempts"]);
        Assert.Equal(row.SetAside.Length > 0 ? string.Join(
            '\n', each.Select(profile => $"{profile} {row.SetAside}")) : "", await fixture.UnusableAsync());
    }

    [Fact]
    public async Task Receipt_names_the_failure_row_and_upstreams_words()
    {
        await using var fixture = await WithTwoKeysAsync();
        var reset = fixture.Time.GetUtcNow().AddHours(3);
        fixture.Sandbox.Script(Faults.PlanExhausted(reset, "five_hour").ForKey(KeyOne), FailureRow.SpendCap.ForKey(KeyTwo));
        var answer = await fixture.StreamAsync();
        Assert.Equal($"{One} failed PlanExhausted 429, {Two} failed Billing 429", answer.Attempts);
        Assert.Equal(
            [("rate_limit_error", "", "five_hour", reset),
                ("rate_limit_error", "enforced_spend_limit_reached", "", fixture.Time.GetUtcNow().AddHours(5))],
            answer.Receipt!.Attempts.Select(
                attempt => (attempt.ErrorType, attempt.ErrorCode, attempt.Claim, attempt.RecoverTime.ToDateTimeOffset())));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Next_call_skips_cooling_routes_without_counting_them(string name)
    {
        var row = FailureRow.All[name];
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(row.Fault.ForKey(KeyOne).Forever());
        await fixture.PatientlyAsync(fixture.StreamAsync());
        var before = (await fixture.StatusAsync()).Auth.Profiles[0];
        fixture.Sandbox.ClearScript();
        fixture.Sandbox.ClearRequests();
        var second = await fixture.StreamAsync();
        Assert.Equal($"{(row.SetAside.Length > 0 ? Two : One)} served", second.Attempts);
        Assert.Single(fixture.Sandbox.Requests);
        var after = (await fixture.StatusAsync()).Auth.Profiles[0];
        if (row.SetAside.Length > 0)
        {
            Assert.Equal(
                (before.ErrorCount, before.LastFailureTime, 1), (after.ErrorCount, after.LastFailureTime, after.ErrorCount));
        }
    }
}
