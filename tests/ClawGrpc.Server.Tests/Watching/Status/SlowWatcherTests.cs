using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Watching;

public class SlowWatcherTests
{
    [Fact]
    public async Task A_reader_that_is_slow_misses_revisions_but_never_the_latest()
    {
        await using var rig = await Rig.StartAsync();

        // A status of some hundred kilobytes: no buffer on the way holds many of them.
        await WriteProfilesAsync(rig, 500);
        using var call = rig.Models.WatchStatus(new WatchStatusRequest());
        const int changes = 60;
        for (var change = 0; change < changes; change++)
        {
            await rig.Auth.SetProfileOrderAsync(new SetProfileOrderRequest
            {
                Provider = "anthropic",
                ProfileIds = { $"anthropic:a-profile-with-a-rather-long-name-{change:0000}" },
            });
            rig.Time.Advance(TimeSpan.FromMilliseconds(100));
        }

        var latest = (await rig.StatusAsync()).Revision;
        var come = new List<long>();
        while (come.LastOrDefault() != latest)
        {
            var next = call.ResponseStream.MoveNext(CancellationToken.None);
            Assert.True(await rig.Time.PassUntilAsync(next, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100)));
            come.Add(call.ResponseStream.Current.Revision);
        }

        Assert.Equal(come.Order(), come);
        Assert.True(come.Count < changes / 2, $"{come.Count} messages came of {changes} changes.");
    }

    [Fact]
    public async Task A_reader_in_the_middle_of_a_status_is_told_too_that_the_server_stops()
    {
        await using var rig = await Rig.StartAsync();

        // One status is more than the windows hold, so it is still being written when its beginning has come.
        await WriteProfilesAsync(rig, 2000);
        using var call = rig.Models.WatchStatus(new WatchStatusRequest());
        await call.ResponseHeadersAsync;
        var stopped = rig.StopServerAsync();
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(2000, call.ResponseStream.Current.Status.Auth.Profiles.Count);
        Assert.Equal("STOPPING", (await CallFailure.OfAsync(() => call.ResponseStream.MoveNext(CancellationToken.None))).Reason);
        await stopped;
    }

    private static Task WriteProfilesAsync(Rig rig, int count)
    {
        var profiles = Enumerable.Range(0, count).Select(index => $$"""
            "anthropic:a-profile-with-a-rather-long-name-{{index:0000}}":
                { "type": "api_key", "provider": "anthropic", "key": "sk-ant-api03-FAKE-{{index:0000000000}}" }
            """);
        return rig.Files.WriteProfilesAsync($$"""{ "version": 1, "profiles": { {{string.Join(",\n", profiles)}} } }""");
    }
}
