using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Watching;

public class SlowWatcherTests
{
    [Fact]
    public async Task A_reader_that_is_slow_misses_revisions_but_never_the_latest()
    {
        await using var fixture = await ServerFixture.StartAsync();

        // A status of some hundred kilobytes: no buffer on the way holds many of them.
        await WriteProfilesAsync(fixture, 500);
        using var call = fixture.Models.WatchStatus(new WatchStatusRequest());
        const int changes = 60;
        for (var change = 0; change < changes; change++)
        {
            await fixture.Auth.SetProfileOrderAsync(new SetProfileOrderRequest
            {
                Provider = "anthropic",
                ProfileIds = { $"anthropic:a-profile-with-a-rather-long-name-{change:0000}" },
            });
            fixture.Time.Advance(TimeSpan.FromMilliseconds(100));
        }

        var latest = (await fixture.StatusAsync()).Revision;
        var come = new List<long>();
        while (come.LastOrDefault() != latest)
        {
            var next = call.ResponseStream.MoveNext(CancellationToken.None);
            Assert.True(await fixture.Time.PassUntilAsync(next, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100)));
            come.Add(call.ResponseStream.Current.Revision);
        }

        Assert.Equal(come.Order(), come);
        Assert.True(come.Count < changes / 2, $"{come.Count} messages came of {changes} changes.");
    }

    [Fact]
    public async Task Stop_reaches_a_reader_in_the_middle_of_a_status()
    {
        await using var fixture = await ServerFixture.StartAsync();

        // One status is more than the windows hold, so it is still being written when its beginning has come.
        await WriteProfilesAsync(fixture, 1500);
        using var call = fixture.Models.WatchStatus(new WatchStatusRequest());
        await call.ResponseHeadersAsync;
        var stopped = fixture.StopServerAsync();
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(1500, call.ResponseStream.Current.Status.Auth.Profiles.Count);
        Assert.Equal("STOPPING", (await CallFailure.OfAsync(() => call.ResponseStream.MoveNext(CancellationToken.None))).Reason);
        await stopped;
    }

    private static Task WriteProfilesAsync(ServerFixture fixture, int count)
    {
        var profiles = Enumerable.Range(0, count).Select(index => $$"""
            "anthropic:a-profile-with-a-rather-long-name-{{index:0000}}":
                { "type": "api_key", "provider": "anthropic", "key": "sk-ant-api03-FAKE-{{index:0000000000}}" }
            """);
        return fixture.Files.WriteProfilesAsync($$"""{ "version": 1, "profiles": { {{string.Join(",\n", profiles)}} } }""");
    }
}
