using ClawGrpc.Server.Tests.Harness;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>A lock that is never given back: the error names it, so that who reads it can remove it.</summary>
public class NamedLockTests
{
    // Less than the difference of clocks that is allowed for, and more than one step of the clock here: it never looks stale.
    private static readonly TimeSpan Ahead = TimeSpan.FromSeconds(30);

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
        using var holder = new Timer(_ => Hold(path, fixture.Time.GetUtcNow().UtcDateTime + Ahead));
        if (what == "file")
            await File.WriteAllTextAsync(path, "");
        else
            Directory.CreateDirectory(what == "content" ? Path.Join(path, "inside") : path);
        if (what == "future")
            Directory.SetLastWriteTimeUtc(path, fixture.Time.GetUtcNow().UtcDateTime.AddDays(1));
        if (what == "held")
            holder.Change(0, 1);

        var onboarding = CallFailure.OfAsync(() => fixture.OnboardAsync(Two));
        var failure = await fixture.Time.PassUntilAsync(onboarding, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal((StatusCode.Unavailable, "STATE_NOT_WRITTEN"), (failure.Code, failure.Reason));
        Assert.StartsWith("Failed to update auth-profiles.json (lock busy?). ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(state, failure.Message, StringComparison.Ordinal);
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
        Assert.Equal(path, failure.Facts["lock"]);
        Assert.True(Path.Exists(path));

        holder.Change(Timeout.Infinite, Timeout.Infinite);
        if (what == "file")
            File.Delete(path);
        else
            Directory.Delete(path, recursive: true);
        await fixture.OnboardAsync(Two);
    }

    private static void Hold(string path, DateTime now)
    {
        try
        {
            Directory.SetLastWriteTimeUtc(path, now);
        }
        catch (IOException)
        {
            // The test has removed it.
        }
    }
}
