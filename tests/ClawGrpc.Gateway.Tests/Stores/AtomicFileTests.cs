using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Stores;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_is_made_and_replaced_for_its_owner_alone()
    {
        await AtomicFile.WriteAsync(_folder["f"], "one"u8.ToArray());
        Assert.Equal("one", File.ReadAllText(_folder["f"]));
        Assert.Equal(AtomicFile.OwnerOnly, File.GetUnixFileMode(_folder["f"]));

        File.SetUnixFileMode(_folder["f"], (UnixFileMode)0b110_100_100);
        await AtomicFile.WriteAsync(_folder["f"], []);
        Assert.Equal("", File.ReadAllText(_folder["f"]));
        Assert.Equal(AtomicFile.OwnerOnly, File.GetUnixFileMode(_folder["f"]));
        Assert.Equal(["f"], _folder.Names);
    }

    [Fact]
    public async Task The_mode_is_exactly_the_one_given()
    {
        const UnixFileMode everyone = (UnixFileMode)0b110_110_110;
        await AtomicFile.WriteAsync(_folder["f"], "x"u8.ToArray(), everyone);
        Assert.Equal(everyone, File.GetUnixFileMode(_folder["f"]));
    }

    [Fact]
    public void Nothing_changes_until_the_commit()
    {
        File.WriteAllText(_folder["f"], "old");
        using (AtomicFile.Prepare(_folder["f"], "new"u8.ToArray()))
        {
            Assert.Equal("old", File.ReadAllText(_folder["f"]));
            Assert.Equal(2, _folder.Names.Count());
        }

        Assert.Equal("old", File.ReadAllText(_folder["f"]));
        Assert.Equal(["f"], _folder.Names);
    }

    [Fact]
    public async Task Reader_during_replacement_reads_all_of_the_old_content()
    {
        File.WriteAllText(_folder["f"], "old");
        using var reader = Posix.OpenToRead(_folder["f"])!;
        await AtomicFile.WriteAsync(_folder["f"], "new, longer"u8.ToArray());
        var read = new byte[20];
        Assert.Equal("old"u8, read.AsSpan(0, RandomAccess.Read(reader, read, 0)));
    }

    [Fact]
    public void The_commit_tells_the_identity_of_what_it_wrote()
    {
        using var file = AtomicFile.Prepare(_folder["f"], "new"u8.ToArray());
        Assert.Equal(file.Commit(), FileIdentity.Of(_folder["f"]));
    }

    [Fact]
    public async Task Write_through_a_symlink_replaces_its_target()
    {
        Directory.CreateDirectory(_folder["real"]);
        File.WriteAllText(_folder["real/f"], "old");
        File.CreateSymbolicLink(_folder["link"], "real/f");
        await AtomicFile.WriteAsync(_folder["link"], "new"u8.ToArray());
        Assert.Equal("new", File.ReadAllText(_folder["real/f"]));
        Assert.NotNull(new FileInfo(_folder["link"]).LinkTarget);
        Assert.Equal(["link", "real/"], _folder.Names);
    }

    [Fact]
    public async Task A_write_that_fails_leaves_everything_as_it_was()
    {
        Directory.CreateDirectory(_folder["f/inside"]);
        await Assert.ThrowsAnyAsync<Exception>(() => AtomicFile.WriteAsync(_folder["f"], "new"u8.ToArray()));
        await Assert.ThrowsAnyAsync<IOException>(() => AtomicFile.WriteAsync(_folder["none/f"], "new"u8.ToArray()));
        Assert.Equal(["f/"], _folder.Names);
    }

    [Fact]
    public void Two_contents_have_two_identities()
    {
        File.WriteAllText(_folder["f"], "one");
        var one = FileIdentity.Of(_folder["f"]);
        Assert.Equal(one, FileIdentity.Of(_folder["f"]));
        Assert.False(one!.Value.IsSettled);
        using (var file = AtomicFile.Prepare(_folder["f"], "two"u8.ToArray()))
            file.Commit();
        Assert.NotEqual(one, FileIdentity.Of(_folder["f"]));
        Assert.Null(FileIdentity.Of(_folder["none"]));
        Assert.NotNull(FileIdentity.Of(_folder.Path));
        Assert.Throws<IOException>(() => FileIdentity.Of(_folder["f/below"]));
    }
}
