using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClawGrpc.Gateway.Tests.Sealing;

/// <summary>Where keys come from, and which one is active.</summary>
public sealed class SealingKeysTests : IDisposable
{
    private const string Origin = "https://api.anthropic.com";
    private const UnixFileMode Group = UnixFileMode.UserRead | UnixFileMode.GroupRead;

    private readonly TestFolder _folder = new();
    private readonly TestFolder _credentials = new();
    private readonly SealKeys _files = new();
    private readonly StateFolder _state;

    public SealingKeysTests() => _state = StateFolder.Resolve(_folder.Path, _ => null, "/");

    public void Dispose()
    {
        _files.Dispose();
        _credentials.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Key_of_systemd_needs_no_configuration()
    {
        SealKeys.Write(_credentials["clawgrpc-seal-key"], File.ReadAllText(_files.Old), UnixFileMode.UserRead);
        SealKeys.Write(_credentials["clawgrpc-seal-key.2027"], File.ReadAllText(_files.New), Group);
        SealKeys.Write(_credentials["clawgrpc-seal-keys"], "another program's");
        using var keys = New();
        keys.Use(null, Origin);
        Assert.Equal(2, keys.Now.Loaded.Length);
        Assert.Equal(keys.Now.Loaded[0].Key?.Id, keys.Now.Active?.Id);
        Assert.NotNull(keys.Now.Loaded[1].Key);
    }

    [Fact]
    public void Raw_bytes_and_base64_are_the_same_key()
    {
        File.WriteAllBytes(_files.New, Convert.FromBase64String(File.ReadAllText(_files.Old)));
        using var keys = Used(_files.Old, _files.New);
        Assert.Equal(keys.Now.Loaded[0].Key!.Id, keys.Now.Loaded[1].Key!.Id);
    }

    [Fact]
    public async Task Active_key_stays_active_in_whatever_order_files_are_named()
    {
        using var first = Used(_files.Old);
        using var second = Used(_files.New, _files.Old);
        Assert.Equal(first.Now.Active!.Id, second.Now.Active!.Id);
        await second.ActivateAsync(second.Now.Loaded[0].Key!.Id);
        using var third = Used(_files.Old, _files.New);
        Assert.Equal(second.Now.Loaded[0].Key!.Id, third.Now.Active!.Id);

        // Without its file nothing is sealed with another one.
        using var fourth = Used(_files.Old);
        Assert.Null(fourth.Now.Active);
        Assert.Contains("is not configured. Add its file to ", fourth.Now.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((UnixFileMode)0b110_000_000, null)]
    [InlineData((UnixFileMode)0b100_000_000, null)]
    [InlineData((UnixFileMode)0b110_100_000, "(mode 640). Mend it: chmod 600 ")]
    [InlineData((UnixFileMode)0b110_000_100, "(mode 604). Mend it: chmod 600 ")]
    [InlineData((UnixFileMode)0b110_010_000, "(mode 620). Mend it: chmod 600 ")]
    public void Key_that_others_can_use_is_refused(UnixFileMode mode, string? problem)
    {
        File.SetUnixFileMode(_files.Old, mode);
        using var keys = Used(_files.Old);
        Assert.Equal(problem is null, keys.Now.Active is not null);
        Assert.Contains(problem ?? "", keys.Now.Problem ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("short", "the passphrase in ")]
    [InlineData("", "the passphrase in ")]
    public void Weak_passphrase_is_refused(string text, string problem)
    {
        SealKeys.Write(_files.Passphrase, text);
        using var keys = New();
        keys.Use(new SealConfiguration([new KeySource(_files.Passphrase, true)]), Origin);
        Assert.StartsWith(problem, keys.Now.Loaded.Single().Problem, StringComparison.Ordinal);
        Assert.Null(keys.Now.Active);
    }

    [Fact]
    public void Unreadable_choice_is_left_as_it_is()
    {
        var path = _folder[SealStateFile.Name];
        File.WriteAllText(path, "{ \"active\": ");
        using var keys = Used(_files.Old);
        Assert.Null(keys.Now.Active);
        Assert.Contains($"Cannot read {path}: ", keys.Now.Problem, StringComparison.Ordinal);
        Assert.Equal("{ \"active\": ", File.ReadAllText(path));
    }

    private SealingKeys New() => new(
        _state, name => name == "CREDENTIALS_DIRECTORY" ? _credentials.Path : null, NullLogger<SealingKeys>.Instance);

    private SealingKeys Used(params string[] files)
    {
        var keys = New();
        keys.Use(new SealConfiguration([.. files.Select(file => new KeySource(file, false))]), Origin);
        return keys;
    }
}
