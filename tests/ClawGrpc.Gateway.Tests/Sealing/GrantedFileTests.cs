using ClawGrpc.Core;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClawGrpc.Gateway.Tests.Sealing;

/// <summary>What a token endpoint granted is found after a crash, by the refresh token that it was granted for.</summary>
public sealed class GrantedFileTests : IDisposable
{
    private static readonly Secret Spent = new("sk-ant-ort01-FAKE-spent");
    private static readonly OAuthCredential Granted = new(
        "anthropic", new Secret("sk-ant-oat01-FAKE-granted"), new Secret("sk-ant-ort01-FAKE-granted"),
        DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000), "me@example.com");

    private readonly TestFolder _folder = new();
    private readonly SealKeys _files = new();
    private readonly List<IDisposable> _opened = [];

    private string File => Path.Join(_folder.Path, "agents/main/agent", GrantedFile.Name);

    public void Dispose()
    {
        _opened.ForEach(each => each.Dispose());
        _files.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Another_process_finds_it_until_it_is_forgotten()
    {
        Open(_files.Old).Put(Spent, Granted);
        Assert.Equal(Granted, Open(_files.Old).Find(Spent));
        Assert.Null(Open(_files.Old).Find(new Secret("sk-ant-ort01-FAKE-other")));
        Open(_files.Old).Remove(Spent);
        Assert.Null(Open(_files.Old).Find(Spent));
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void Grants_of_several_logins_are_kept_side_by_side()
    {
        var (file, other) = (Open(_files.Old), new Secret("sk-ant-ort01-FAKE-other"));
        file.Put(Spent, Granted);
        file.Put(other, Granted with { Email = "you@example.com" });
        file.Remove(Spent);
        Assert.Equal("you@example.com", file.Find(other)!.Email);
    }

    [Fact]
    public void What_a_crash_left_is_forgotten_and_what_is_not_stored_stays()
    {
        var (file, other) = (Open(_files.Old), new Secret("sk-ant-ort01-FAKE-other"));
        file.Put(Spent, Granted);
        file.Put(other, Granted);
        file.KeepOnly([other, Granted.Refresh!]);
        Assert.Equal((null, Granted), (file.Find(Spent), file.Find(other)));
        file.KeepOnly([Granted.Refresh!]);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void It_holds_no_secret_in_clear_and_opens_with_its_key_alone()
    {
        Open(_files.Old).Put(Spent, Granted);
        var text = System.IO.File.ReadAllText(File);
        Assert.All(
            [Spent, Granted.Access!, Granted.Refresh!],
            secret => Assert.DoesNotContain(secret.Reveal(), text, StringComparison.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        Assert.Null(Open(_files.New).Find(Spent));
    }

    [Fact]
    public void It_says_nothing_when_it_was_changed_by_hand()
    {
        Open(_files.Old).Put(Spent, Granted);
        System.IO.File.WriteAllText(File, "{ \"profiles\": ");
        Assert.Null(Open(_files.Old).Find(Spent));
        Open(_files.Old).Put(Spent, Granted);
        Assert.Equal(Granted, Open(_files.Old).Find(Spent));
    }

    private GrantedFile Open(string keyFile)
    {
        var state = StateFolder.Resolve(_folder.Path, _ => null, "/");
        var keys = new SealingKeys(state, _ => null, NullLogger<SealingKeys>.Instance);
        keys.Use(new SealConfiguration([new KeySource(keyFile, false)]), "https://api.anthropic.com");
        _opened.Add(keys);
        return new GrantedFile(
            File, new AgentSealing("main", keys, null, new GenerationsFile(Path.Join(_folder.Path, GenerationsFile.Name))));
    }
}
