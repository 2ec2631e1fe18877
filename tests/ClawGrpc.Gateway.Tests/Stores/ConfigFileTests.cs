using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Stores;

public sealed class ConfigFileTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ConfigFile _config;

    public ConfigFileTests() => _config = new ConfigFile(_folder["state/clawgrpc.json"]);

    public void Dispose()
    {
        _config.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_could_not_be_read_back_is_not_written()
    {
        await _config.UpdateAsync(_ => "{}");
        var error = await Assert.ThrowsAsync<StateNotWrittenException>(
            () => _config.UpdateAsync(_ => new string(' ', WholeFile.MaxBytes + 1)));
        Assert.Contains("16 MB", error.Message, StringComparison.Ordinal);
        Assert.Equal("{}", _config.Read().Text);
    }

    [Fact]
    public async Task Without_a_file_there_is_no_text()
    {
        Assert.Equal(new ConfigText(null, null), _config.Read());
        var written = await _config.UpdateAsync(before =>
        {
            Assert.Null(before);
            return "{} // ours\n";
        });
        Assert.Equal("{} // ours\n", written.Text);
        Assert.Equal(written, _config.Read());
        Assert.Equal("{} // ours\n", File.ReadAllText(_config.Path));
        Assert.Equal(AtomicFile.OwnerOnly, File.GetUnixFileMode(_config.Path));
        Assert.Equal([_config.Path], Directory.EnumerateFiles(Path.GetDirectoryName(_config.Path)!));
    }

    [Fact]
    public async Task The_five_versions_before_are_kept()
    {
        for (var version = 0; version < 8; version++)
            await _config.UpdateAsync(_ => $"version {version}");
        await _config.UpdateAsync(before => before!);
        string[] names = ["", ".bak", ".bak.1", ".bak.2", ".bak.3", ".bak.4"];
        Assert.Equal(
            ["version 7", "version 6", "version 5", "version 4", "version 3", "version 2"],
            names.Select(name => File.ReadAllText(_config.Path + name)));
        Assert.All(names, name => Assert.Equal(AtomicFile.OwnerOnly, File.GetUnixFileMode(_config.Path + name)));
        Assert.Equal(6, Directory.EnumerateFiles(Path.GetDirectoryName(_config.Path)!).Count());
    }

    [Fact]
    public async Task Nothing_is_written_when_nothing_changes_or_the_edit_fails()
    {
        await _config.UpdateAsync(_ => "one");
        var before = await _config.UpdateAsync(text => text!);
        await Assert.ThrowsAsync<FormatException>(() => _config.UpdateAsync(_ => throw new FormatException()));
        Assert.Equal(before, _config.Read());
        Assert.Equal([_config.Path], Directory.EnumerateFiles(Path.GetDirectoryName(_config.Path)!));
    }

    [Fact]
    public async Task Edit_includes_what_another_program_just_wrote()
    {
        await _config.UpdateAsync(_ => "a");
        var edits = 0;
        await _config.UpdateAsync(before =>
        {
            if (edits++ == 0)
                File.WriteAllText(_config.Path, before + "b");
            return before + "c";
        });
        Assert.Equal("abc", File.ReadAllText(_config.Path));
        Assert.Equal("ab", File.ReadAllText(_config.Path + ".bak"));
    }

    [Fact]
    public async Task A_file_that_is_no_text_is_refused_and_left()
    {
        await _config.UpdateAsync(_ => "x");
        File.WriteAllBytes(_config.Path, [0xff, 0xfe]);
        var error = await Assert.ThrowsAsync<StateUnreadableException>(() => _config.UpdateAsync(_ => "y"));
        Assert.Equal($"Cannot read {_config.Path}: it is not UTF-8.", error.Message);
        Assert.Equal([0xff, 0xfe], File.ReadAllBytes(_config.Path));

        File.Delete(_config.Path);
        Directory.CreateDirectory(_config.Path);
        Assert.Throws<StateUnreadableException>(_config.Read);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_an_error_of_writing()
    {
        File.WriteAllText(_folder["state2"], "in the way");
        using var config = new ConfigFile(_folder["state2/deep/clawgrpc.json"]);
        await Assert.ThrowsAnyAsync<StateFileException>(() => config.UpdateAsync(_ => "x"));
    }
}
