using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Stores;

/// <summary>The protocol of proper-lockfile, as OpenClaw uses it.</summary>
public sealed class LockFolderTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Refresh = LockTiming.OpenClaw.Stale / 2;
    private readonly TestFolder _folder = new();
    private readonly InstantTime _time = new(Noon);

    private string File => _folder["auth-profiles.json"];

    private string Lock => File + ".lock";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Lock_is_a_directory_beside_the_file_until_released()
    {
        using (var held = await AcquireAsync())
        {
            Assert.True(held.IsHeld);
            Assert.Equal(["auth-profiles.json.lock/"], _folder.Names);
            Assert.True((Directory.GetLastWriteTimeUtc(Lock) - Noon.UtcDateTime).Duration() < TimeSpan.FromMilliseconds(1));
        }

        Assert.Empty(_folder.Names);
        Assert.Empty(_time.Waits);
    }

    [Fact]
    public async Task A_busy_lock_is_tried_11_times_with_growing_waits()
    {
        Foreign(Noon.AddDays(1));
        var error = await Assert.ThrowsAsync<StateNotWrittenException>(AcquireAsync);
        Assert.Equal(
            $"Failed to update auth-profiles.json (lock busy?). The lock {Lock} has a time that lies ahead, and does not become "
            + "stale before: no program takes it over. If no program uses it, remove it.", error.Message);
        Assert.Equal(Lock, error.Lock);
        Assert.Equal(File, error.Path);
        int[] atLeast = [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000];
        Assert.Equal(10, _time.Waits.Count);
        Assert.All(_time.Waits.Zip(
            atLeast), wait => Assert.InRange(wait.First.TotalMilliseconds, wait.Second, Math.Min(10_000, 2 * wait.Second)));
        Assert.True(Directory.Exists(Lock));
    }

    [Fact]
    public async Task A_lock_that_is_given_back_in_time_is_had()
    {
        Foreign(Noon);
        _time.WhileWaiting = () =>
        {
            if (_time.Waits.Count == 2)
                Directory.Delete(Lock);
        };
        using var held = await AcquireAsync();
        Assert.True(held.IsHeld);
        Assert.Equal(3, _time.Waits.Count);
    }

    [Fact]
    public async Task A_lock_is_stale_after_more_than_30_seconds_and_no_sooner()
    {
        Foreign(Noon.AddSeconds(-30));
        using (var held = await AcquireAsync())
            Assert.Equal(2, _time.Waits.Count);

        // No more than the moment in which others may still take it for the stale one.
        _time.Waits.Clear();
        Foreign(_time.GetUtcNow().AddSeconds(-30).AddMilliseconds(-1));
        using (var held = await AcquireAsync())
            Assert.Equal(TimeSpan.FromMilliseconds(50), Assert.Single(_time.Waits));
    }

    [Fact]
    public async Task Loser_of_a_takeover_race_for_a_stale_lock_keeps_waiting()
    {
        Foreign(Noon.AddSeconds(-31));
        _time.WhileWaiting = () =>
        {
            // Removes what it takes for the stale lock, and has it for a while.
            if (_time.Waits.IsEmpty)
            {
                Directory.Delete(Lock);
                Foreign(_time.GetUtcNow().AddMilliseconds(-5));
            }
            else if (_time.Waits.Count == 2)
            {
                Directory.Delete(Lock);
            }
        };
        using var held = await AcquireAsync();
        Assert.True(held.IsHeld);
        Assert.Equal(3, _time.Waits.Count);
        Assert.Equal(["auth-profiles.json.lock/"], _folder.Names);
    }

    [Fact]
    public async Task Lock_of_a_crashed_holder_is_taken_over()
    {
        Foreign(Noon);
        using var held = await AcquireAsync();
        Assert.True(held.IsHeld);
        Assert.InRange(_time.GetUtcNow() - Noon, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(46));
    }

    [Fact]
    public async Task Held_lock_is_kept_fresh()
    {
        using var held = await AcquireAsync();
        _time.Advance(Refresh);
        Assert.True(held.IsHeld);
        Assert.True(Directory.GetLastWriteTimeUtc(Lock) >= Noon.AddSeconds(15).UtcDateTime);
    }

    [Fact]
    public async Task Holder_that_lost_its_lock_knows_and_leaves_the_new_one()
    {
        using (var held = await AcquireAsync())
        {
            Foreign(Noon.AddSeconds(40));
            Assert.False(held.IsHeld);
            _time.Advance(Refresh);
            Foreign(Noon);
            Assert.False(held.IsHeld);
        }

        Assert.Equal(Noon.UtcDateTime, Directory.GetLastWriteTimeUtc(Lock));
        Directory.Delete(Lock);
        using (var held = await AcquireAsync())
        {
            Directory.Delete(Lock);
            Assert.False(held.IsHeld);
            _time.Advance(Refresh);
        }
    }

    [Fact]
    public async Task Wait_for_a_lock_can_be_cancelled()
    {
        Foreign(Noon.AddDays(1));
        using var cancellation = new CancellationTokenSource();
        _time.WhileWaiting = cancellation.Cancel;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => LockFolder.AcquireAsync(File, LockTiming.OpenClaw, _time, cancellation.Token));
    }

    [Fact]
    public async Task Lock_of_a_symlink_is_that_of_its_target()
    {
        System.IO.File.WriteAllText(_folder["real"], "{}");
        System.IO.File.CreateSymbolicLink(File, "real");
        using var held = await AcquireAsync();
        Assert.True(Directory.Exists(_folder["real.lock"]));
    }

    [Fact]
    public async Task File_or_full_directory_as_lock_is_never_taken_over()
    {
        System.IO.File.WriteAllText(Lock, "");
        var file = await Assert.ThrowsAsync<StateNotWrittenException>(AcquireAsync);
        Assert.Contains($"The lock {Lock} is a file and not a folder:", file.Message, StringComparison.Ordinal);
        System.IO.File.Delete(Lock);

        Directory.CreateDirectory(Path.Join(Lock, "inside"));
        Directory.SetLastWriteTimeUtc(Lock, Noon.AddDays(-1).UtcDateTime);
        var full = await Assert.ThrowsAsync<StateNotWrittenException>(AcquireAsync);
        Assert.Contains($"The lock {Lock} is a folder that is not empty:", full.Message, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Join(Lock, "inside")));
    }

    [Fact]
    public async Task Only_locks_left_by_our_own_crash_are_recognized()
    {
        var held = await AcquireAsync();

        // Killed before it gave the directory a time of its own.
        Directory.SetLastWriteTimeUtc(Lock, Noon.UtcDateTime);
        LockFolder.RemoveLeftovers(File);
        Assert.Empty(_folder.Names);
        held.Dispose();
        LockFolder.RemoveLeftovers(File);

        Foreign(Noon.AddMilliseconds(123));
        LockFolder.RemoveLeftovers(File);
        Assert.True(Directory.Exists(Lock));
    }

    private void Foreign(DateTimeOffset time)
    {
        Directory.CreateDirectory(Lock);
        Directory.SetLastWriteTimeUtc(Lock, time.UtcDateTime);
    }

    private Task<LockFolder> AcquireAsync() => LockFolder.AcquireAsync(File, LockTiming.OpenClaw, _time, CancellationToken.None);
}
