using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

public class RetryInPlaceTests
{
    [Fact]
    public async Task An_overloaded_route_is_tried_again_and_may_serve()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(529), Faults.OverloadedInStream());
        var answer = await fixture.PatientlyAsync(fixture.StreamAsync());
        Assert.Equal($"{One} served", answer.Attempts);
        Assert.Equal(2, answer.Served.Attempts[0].RetriesInPlace);
        Assert.All(fixture.Sandbox.Requests, request => Assert.Equal(KeyOne, request.Credential));
    }

    [Fact]
    public async Task The_repeats_are_over_within_one_and_a_half_seconds()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(529).ForKey(KeyOne).Forever());
        await fixture.PatientlyAsync(fixture.StreamAsync());
        var times = fixture.Sandbox.Requests.Select(request => request.ReceivedAt).ToList();
        Assert.Equal(4, times.Count);
        Assert.True(times[1] > times[0] && times[2] > times[1], "There is a pause before each repeat.");
        Assert.True(times[3] - times[0] <= TimeSpan.FromSeconds(1.5), "The next route is tried in time.");
    }

    [Fact]
    public async Task Slow_overloaded_answer_is_not_retried()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script((Faults.Slow(beforeHeadersMs: 1500) with { Status = new() { Code = 529 } }).ForKey(KeyOne));
        var answer = await fixture.Time.PassUntilAsync(
            fixture.StreamAsync(), TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(1.5));
        Assert.Equal($"{One} failed Overloaded 529, {Two} served", answer.Attempts);
        Assert.Equal(0, answer.Served.Attempts[0].RetriesInPlace);
    }
}
