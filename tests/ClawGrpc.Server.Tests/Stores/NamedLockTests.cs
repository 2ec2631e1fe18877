using ClawGrpc.Server.Tests.Harness;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>A lock that is never given back: the error names it, so that who reads it can remove it.</summary>
public class NamedLockTests
{
    // The clock here goes on by as much at a time: a lock that is refreshed as often never looks stale.
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("file", "is a file and not a folder")]
    [InlineData("content", "is a folder that is not empty")]
    [InlineData("future", "has a time that lies ahead")]
    [InlineData("held", "Another program holds the lock")]
    public async Task Error_names_the_lock_and_leaves_it(string what, string state)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var path = fixture.Files.ProfilesPath() + ".lock";
        void Refresh() => Directory.SetLastWriteTimeUtc(path, fixture.Time.GetUtcNow().UtcDateTime);
        await using var holder = fixture.Time.CreateTimer(_ => Refresh(), null, Timeout.InfiniteTimeSpan, Step);
        if (what == "file")
            await File.WriteAllTextAsync(path, "");
        else
            Directory.CreateDirectory(what == "content" ? Path.Join(path, "inside") : path);
        if (what == "future")
            Directory.SetLastWriteTimeUtc(path, fixture.Time.GetUtcNow().UtcDateTime.AddDays(1));
        if (what == "held")
        {
            Refresh();
            holder.Change(Step, Step);
        }

        var onboarding = CallFailure.OfAsync(() => fixture.OnboardAsync(Two));
        var failure = await fixture.Time.PassUntilAsync(onboarding, TimeSpan.Zero, Step);
        Assert.Equal((StatusCode.Unavailable, "STATE_NOT_WRITTEN"), (failure.Code, failure.Reason));
        Assert.StartsWith("Failed to update auth-profiles.json (lock busy?). ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(state, failure.Message, StringComparison.Ordinal);
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
        Assert.Equal(path, failure.Facts["lock"]);
        Assert.True(Path.Exists(path));

        holder.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (what == "file")
            File.Delete(path);
        else
            Directory.Delete(path, recursive: true);
        await fixture.OnboardAsync(Two);
    }
}
