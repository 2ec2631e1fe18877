using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Stores;

public sealed class FileChangesTests : IDisposable
{
    private static readonly DateTime LongAgo = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private readonly TestFolder _folder = new();
    private readonly InstantTime _time = new(DateTimeOffset.UtcNow);
    private readonly FileChanges _changes;

    public FileChangesTests() => _changes = new FileChanges(_time);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_that_appears_changes_or_goes_is_noticed_once()
    {
        var file = _folder["f"];
        Watch(file);

        File.WriteAllText(file, "one");
        Assert.Equal([file], _changes.Changed());
        Assert.Empty(_changes.Changed());

        File.WriteAllText(file, "two, longer");
        Assert.Equal([file], _changes.Changed());

        File.Delete(file);
        Assert.Equal([file], _changes.Changed());
        Assert.Empty(_changes.Changed());
    }

    [Fact]
    public void What_is_added_counts_as_changed_at_the_first_look()
    {
        File.WriteAllText(_folder["f"], "x");
        _changes.Add(_folder["f"]);
        _changes.Add(_folder["none"]);
        Assert.Equal([_folder["f"], _folder["none"]], _changes.Changed().Order());
        _changes.Add(_folder["f"]);
        Assert.Empty(_changes.Changed());
    }

    [Fact]
    public void Only_another_content_is_a_change()
    {
        var file = _folder["f"];
        File.WriteAllText(file, "same");
        Watch(file);
        File.WriteAllText(file, "same");
        File.SetLastWriteTimeUtc(file, LongAgo);
        File.SetUnixFileMode(file, AtomicFile.OwnerOnly);
        Assert.Empty(_changes.Changed());
        File.WriteAllText(file, "else");
        File.SetLastWriteTimeUtc(file, LongAgo);
        Assert.Equal([file], _changes.Changed());
    }

    [Fact]
    public void Changes_in_a_row_are_one_and_unwatched_files_are_ignored()
    {
        Watch(_folder["a"]);
        foreach (var text in new[] { "1", "22", "333" })
            File.WriteAllText(_folder["a"], text);
        File.WriteAllText(_folder["b"], "x");
        Assert.Equal([_folder["a"]], _changes.Changed());

        _changes.Remove(_folder["a"]);
        File.Delete(_folder["a"]);
        Assert.Empty(_changes.Changed());
    }

    [Fact]
    public void A_new_name_in_a_directory_is_a_change_of_it()
    {
        Directory.CreateDirectory(_folder["agents"]);
        Watch(_folder["agents"]);
        Directory.CreateDirectory(_folder["agents/new"]);
        Assert.Equal([_folder["agents"]], _changes.Changed());
    }

    [Fact]
    public void Unreadable_path_counts_as_changed_once_readable()
    {
        File.WriteAllText(_folder["f"], "");
        Watch(_folder["f/below"]);
        Assert.Empty(_changes.Changed());
        File.Delete(_folder["f"]);
        Assert.Equal([_folder["f/below"]], _changes.Changed());
    }

    [Fact]
    public async Task Changes_are_told_at_the_next_look()
    {
        using var cancellation = new CancellationTokenSource();
        Watch(_folder["f"]);
        await using var watch = _changes.WatchAsync(cancellation.Token).GetAsyncEnumerator(CancellationToken.None);
        var next = watch.MoveNextAsync().AsTask();
        _time.Advance(FileChanges.Interval);
        Assert.False(next.IsCompleted);

        // In one step: a look that comes late sees it whole.
        File.WriteAllText(_folder["new"], "x");
        File.SetLastWriteTimeUtc(_folder["new"], LongAgo);
        File.Move(_folder["new"], _folder["f"]);
        _time.Advance(FileChanges.Interval);
        Assert.True(await next);
        Assert.Equal(_folder["f"], watch.Current);

        var never = watch.MoveNextAsync().AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => never);
    }

    private void Watch(string path)
    {
        _changes.Add(path);
        Assert.Equal([path], _changes.Changed());
        Assert.Empty(_changes.Changed());
    }
}
