using System.Text;
using ClawGrpc.Core;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Stores;

public sealed class AgentStoreTests : IDisposable
{
    private static readonly UnixFileMode OwnerOnly = AtomicFile.OwnerOnly;
    private readonly TestFolder _folder = new();
    private readonly InstantTime _time = new(DateTimeOffset.UtcNow);
    private readonly AgentStore _store;

    public AgentStoreTests() => _store = new AgentStore(_folder["agents/main/agent/auth-profiles.json"], _time);

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Without_a_file_there_is_nothing_and_reading_makes_none()
    {
        Assert.Empty((await _store.ReadAsync()).Profiles);
        Assert.Empty((await _store.UpdateAsync()).Profiles);
        Assert.Same(await _store.ReadAsync(), await _store.ReadAsync());
        Assert.False(File.Exists(_store.Path));
    }

    [Fact]
    public async Task Returned_update_is_on_disk_and_private_to_its_owner()
    {
        var after = await _store.UpdateAsync(Put("anthropic:default"));
        Assert.Equal(["anthropic:default"], Ids(after));
        Assert.Equal(AuthProfilesFile.Empty.With(Put("anthropic:default")).ToText(), File.ReadAllText(_store.Path));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_store.Path));
        Assert.Equal(StateFolder.OwnerOnly, File.GetUnixFileMode(_store.Directory));
        Assert.Equal([_store.Path], Directory.EnumerateFileSystemEntries(_store.Directory));
        Assert.Same(after, await _store.ReadAsync());
    }

    [Fact]
    public async Task Update_makes_a_readable_file_private_to_its_owner()
    {
        Write("{}");
        File.SetUnixFileMode(_store.Path, (UnixFileMode)0b110_100_100);
        await _store.UpdateAsync(Put("a"));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_store.Path));
    }

    [Fact]
    public async Task The_same_text_is_the_same_object_and_another_text_another()
    {
        Write("""{"order":{"p":["a"]}}""");
        var first = await _store.ReadAsync();
        Write("""{"order":{"p":["a"]}}""");
        Assert.Same(first, await _store.ReadAsync());

        // As long as before and in the same tick of the clock, and with the old time.
        Write("""{"order":{"p":["b"]}}""");
        File.SetLastWriteTimeUtc(_store.Path, DateTime.UtcNow.AddHours(-1));
        var second = await _store.ReadAsync();
        Assert.Equal(["b"], second.Order["p"].AsEnumerable());
        Assert.Same(second, await _store.ReadAsync());
        File.Delete(_store.Path);
        Assert.Empty((await _store.ReadAsync()).Order);
    }

    [Fact]
    public async Task An_update_that_changes_nothing_writes_nothing()
    {
        await _store.UpdateAsync(Put("a"));
        var before = FileIdentity.Of(_store.Path);
        await _store.UpdateAsync(Put("a"));
        await _store.UpdateAsync(new RemoveProfile("none"));
        await _store.UpdateAsync(_ => []);
        Assert.Equal(before, FileIdentity.Of(_store.Path));
    }

    [Theory]
    [InlineData("", 1, 1)]
    [InlineData("{\n  \"profiles\": {\n    \"a\": {\"key\": \"sk-ant-api03-FAKE-", 3, 18)]
    [InlineData("{\"profiles\": []}", 1, 14)]
    public async Task Unparsable_file_is_reported_with_position_and_kept(string text, int line, int column)
    {
        Write(text);
        File.SetLastWriteTimeUtc(_store.Path, DateTime.UtcNow.AddMinutes(-1));
        foreach (var call in new Func<Task>[] { () => _store.ReadAsync().AsTask(), () => _store.UpdateAsync(Put("a")) })
        {
            var error = await Assert.ThrowsAsync<StateUnreadableException>(call);
            Assert.Equal((_store.Path, line, column), (error.Path, error.Line, error.Column));
            Assert.StartsWith(
                $"Cannot read {_store.Path}: line {line}, column {column}: ", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("FAKE", error.ToString(), StringComparison.Ordinal);
        }

        Assert.Equal(text, File.ReadAllText(_store.Path));
        Assert.Equal([_store.Path], Directory.EnumerateFileSystemEntries(_store.Directory));
        Write("{}");
        Assert.Empty((await _store.ReadAsync()).Profiles);
    }

    [Fact]
    public async Task Directory_or_oversized_file_is_refused()
    {
        Directory.CreateDirectory(_store.Path);
        await Assert.ThrowsAsync<StateUnreadableException>(() => _store.ReadAsync().AsTask());
        await Assert.ThrowsAsync<StateUnreadableException>(() => _store.UpdateAsync(Put("a")));
        Directory.Delete(_store.Path);

        Write(new string(' ', (16 * 1024 * 1024) + 1));
        var error = await Assert.ThrowsAsync<StateUnreadableException>(() => _store.UpdateAsync(Put("a")));
        Assert.Contains("larger than 16 MB", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_an_error_of_writing()
    {
        File.WriteAllText(_folder["agents"], "in the way");
        var error = await Assert.ThrowsAsync<StateNotWrittenException>(() => _store.UpdateAsync(Put("a")));
        Assert.Equal(_store.Path, error.Path);
    }

    [Fact]
    public async Task Half_written_file_is_read_again_until_complete()
    {
        Write("{\"order\":{");
        var reading = _store.ReadAsync().AsTask();
        Write("""{"order":{"p":["a"]}}""");
        Assert.Single((await reading).Order);
    }

    [Fact]
    public async Task A_busy_lock_is_an_error_and_nothing_is_written()
    {
        Write("{}");
        Directory.CreateDirectory(_store.Path + ".lock");
        Directory.SetLastWriteTimeUtc(_store.Path + ".lock", DateTime.UtcNow.AddDays(1));
        var error = await Assert.ThrowsAsync<StateNotWrittenException>(() => _store.UpdateAsync(Put("a")));
        Assert.StartsWith(
            $"Failed to update auth-profiles.json (lock busy?). The lock {_store.Path}.lock ", error.Message,
            StringComparison.Ordinal);
        Assert.Equal("{}", File.ReadAllText(_store.Path));
    }

    [Fact]
    public async Task A_lock_that_was_lost_stops_the_write()
    {
        Write("{}");
        var error = await Assert.ThrowsAsync<StateNotWrittenException>(() => _store.UpdateAsync(_ =>
        {
            Directory.SetLastWriteTimeUtc(_store.Path + ".lock", DateTime.UtcNow);
            return [Put("a")];
        }));
        Assert.Contains("lock busy?", error.Message, StringComparison.Ordinal);
        Assert.Equal("{}", File.ReadAllText(_store.Path));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(_store.Directory), path => path.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Lost_lock_is_taken_again_and_the_decision_repeated()
    {
        Write("{}");
        var decisions = 0;
        await _store.UpdateAsync(_ =>
        {
            if (decisions++ == 0)
                Directory.Delete(_store.Path + ".lock");
            return [Put("a")];
        });
        Assert.Equal(2, decisions);
        Assert.Equal(["a"], Ids(await _store.ReadAsync()));
    }

    [Fact]
    public async Task Decision_uses_the_file_as_read_under_the_lock()
    {
        await _store.UpdateAsync(Put("a"));
        using var other = new AgentStore(_store.Path, _time);
        await other.UpdateAsync(Put("b"));
        await _store.UpdateAsync(fresh =>
        {
            Assert.Equal(["a", "b"], Ids(fresh));
            Assert.True(Directory.Exists(_store.Path + ".lock"));
            return [new RemoveProfile("a")];
        });
        Assert.Equal(["b"], Ids(await other.ReadAsync()));
    }

    [Fact]
    public async Task A_write_by_a_program_that_does_not_lock_is_not_lost()
    {
        Write("{}");
        var decisions = 0;
        await _store.UpdateAsync(_ =>
        {
            if (decisions++ == 0)
                Write(AuthProfilesFile.Empty.With(Put("theirs")).ToText());
            return [Put("ours")];
        });
        Assert.Equal(2, decisions);
        Assert.Equal(["theirs", "ours"], Ids(await _store.ReadAsync()));
    }

    [Fact]
    public async Task A_file_that_never_rests_is_an_error()
    {
        var decisions = 0;
        var error = await Assert.ThrowsAsync<StateNotWrittenException>(() => _store.UpdateAsync(_ =>
        {
            Write($$"""{"n":{{decisions++}}}""");
            return [Put("ours")];
        }));
        Assert.Contains("keep changing", error.Message, StringComparison.Ordinal);
        Assert.Equal(5, decisions);
    }

    [Fact]
    public async Task Updates_at_the_same_time_lose_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(index => _store.UpdateAsync(Put($"p{index}"))));
        Assert.Equal(40, (await _store.ReadAsync()).Profiles.Length);
    }

    [Fact]
    public async Task An_update_that_waits_can_be_given_up()
    {
        Directory.CreateDirectory(_store.Path + ".lock");
        using var cancellation = new CancellationTokenSource();
        _time.WhileWaiting = cancellation.Cancel;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _store.UpdateAsync(_ => [Put("a")], cancellation.Token));
        Assert.False(File.Exists(_store.Path));
        Directory.Delete(_store.Path + ".lock");
        await _store.UpdateAsync(Put("a"));
    }

    private static PutProfile Put(string id) => new(id, new ApiKeyCredential("anthropic", new Secret("sk-ant-api03-FAKE-" + id)));

    private static IEnumerable<string> Ids(ProfileStore store) => store.Profiles.Select(profile => profile.Id);

    // As OpenClaw writes: in place.
    private void Write(string text)
    {
        Directory.CreateDirectory(_store.Directory);
        File.WriteAllText(_store.Path, text, new UTF8Encoding(false));
    }
}
