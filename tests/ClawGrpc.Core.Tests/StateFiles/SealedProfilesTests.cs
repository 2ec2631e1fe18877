using System.Collections.Immutable;
using System.Text;
using ClawGrpc.Core.Sealing;
using ClawGrpc.Core.StateFiles;
using CsCheck;

namespace ClawGrpc.Core.Tests.StateFiles;

public class SealedProfilesTests
{
    private const string Anthropic = "https://api.anthropic.com";
    private const string Elsewhere = "https://elsewhere.example";
    private static readonly SealingKey Key = SealingKey.Of(Enumerable.Repeat((byte)1, 32).ToArray());
    private static readonly SealingKey Other = SealingKey.Of(Enumerable.Repeat((byte)2, 32).ToArray());
    private static readonly ImmutableDictionary<SecretPlace, long> Unseen = ImmutableDictionary<SecretPlace, long>.Empty;

    private static readonly IComparer<KeyValuePair<SecretPlace, long>> Places =
        Comparer<KeyValuePair<SecretPlace, long>>.Create((one, other) => string.CompareOrdinal($"{one.Key}", $"{other.Key}"));

    private byte _fresh;

    [Fact]
    public void New_secrets_are_sealed_and_read_back()
    {
        var write = SealedProfiles.Empty.With(
            [
                new PutProfile("anthropic:key", new ApiKeyCredential("anthropic", new Secret("one"))) { Origin = Anthropic },
                new PutProfile("anthropic:login", new OAuthCredential("anthropic", new Secret("two"), new Secret("three"), null)),
                new PutProfile("other:token", new TokenCredential("other", new Secret("four"))),
            ],
            Writing());
        var text = Text(write.File);
        Assert.All(
            new[] { "one", "two", "three", "four" },
            secret => Assert.DoesNotContain($"\"{secret}\"", text, StringComparison.Ordinal));
        var read = Read(text);
        Assert.Equal("one", ((ApiKeyCredential)read.Store.Find("anthropic:key")!.Credential).Key!.Reveal());
        Assert.Equal("three", ((OAuthCredential)read.Store.Find("anthropic:login")!.Credential).Refresh!.Reveal());
        Assert.Equal("four", ((TokenCredential)read.Store.Find("other:token")!.Credential).Token!.Reveal());
        Assert.Equal([Anthropic, Elsewhere, ""], read.Store.Profiles.Select(profile => profile.Origin));
        Assert.All(read.Store.Secrets, secret => Assert.Equal((Key.Id, null), (secret.KeyId, secret.Problem)));
        Assert.Equal(write.Newest.ToList().Order(Places), read.Newest.Order(Places));
    }

    // Health is written every second: nothing is sealed again for it.
    [Fact]
    public void Other_changes_leave_sealed_values_byte_for_byte()
    {
        var before = Sealed();
        var write = before.With([new SetLastGood("anthropic", "anthropic:key")], Writing());
        Assert.Equal(Member(Text(before), "key"), Member(Text(write.File), "key"));
        Assert.Empty(write.Newest);

        // Also if nothing opens.
        var shut = Read(Text(before), keys: []);
        Assert.Null(((ApiKeyCredential)shut.Store.Find("anthropic:key")!.Credential).Key);
        write = shut.With([new SetLastGood("anthropic", "anthropic:key")], Writing(active: null));
        Assert.Equal(Member(Text(before), "key"), Member(Text(write.File), "key"));
        Assert.NotNull(write.File.Store.Find("anthropic:key")!.Credential.SealProblem);
    }

    [Fact]
    public void New_version_has_the_next_generation_and_replaces_the_old()
    {
        var before = Sealed();
        var write = before.With([Put("renewed")], Writing());
        Assert.Equal(2, Assert.Single(write.Newest).Value);
        Assert.Equal("renewed", KeyOf(Read(Text(write.File))));
        var old = Read(Text(before), newest: write.Newest);
        Assert.Equal("an older version was put back (1; the newest was 2)", old.Store.Profiles.Single().Credential.SealProblem);

        // Neither after it was deleted, nor after it became plain text.
        foreach (StoreChange change in new StoreChange[] { new RemoveProfile("anthropic:key"), Ask(SealGoal.Plain) })
        {
            write = before.With([change], Writing());
            Assert.NotNull(Read(Text(before), newest: write.Newest).Store.Profiles.Single().Credential.SealProblem);
        }
    }

    [Theory]
    [InlineData(true, false, "sealed")]
    [InlineData(false, false, "plain")]
    [InlineData(false, true, "sealed")]
    public void Secret_of_a_shared_folder_is_plain_until_another_is_sealed(bool isOn, bool isOtherSealed, string expected)
    {
        var before = isOtherSealed ? Sealed() : SealedProfiles.Empty;
        var put = new PutProfile("anthropic:new", new ApiKeyCredential("anthropic", new Secret("fresh-secret")));
        var text = Text(before.With([put], Writing(isOn: isOn)).File);
        Assert.Equal(expected == "plain", text.Contains("fresh-secret", StringComparison.Ordinal));
    }

    [Fact]
    public void New_secret_is_refused_without_a_key_and_a_refreshed_login_is_not()
    {
        var login = new OAuthCredential("anthropic", new Secret("a"), new Secret("r"), DateTimeOffset.UnixEpoch);
        var plain = SealedProfiles.Empty.With([new PutProfile("anthropic:login", login)], SealWriting.Nothing).File;
        Assert.Equal(
            "anthropic:key",
            Assert.Throws<NoSealingKeyException>(() => plain.With([Put("k")], Writing(active: null))).ProfileId);
        var refreshed = plain.With(
            [new PutRefreshed("anthropic:login", login with { Access = new Secret("granted") })], Writing(active: null));
        Assert.Contains("\"granted\"", Text(refreshed.File), StringComparison.Ordinal);

        // One that was sealed stays sealed, with the key that it had.
        var sealedLogin = plain.With([Ask(SealGoal.Sealed)], Writing()).File;
        refreshed = sealedLogin.With(
            [new PutRefreshed("anthropic:login", login with { Access = new Secret("granted") })], Writing(active: null));
        Assert.DoesNotContain("granted", Text(refreshed.File), StringComparison.Ordinal);
        Assert.Equal([Key.Id, Key.Id], refreshed.File.Store.Secrets.Select(secret => secret.KeyId));
    }

    [Fact]
    public void Secret_that_does_not_open_is_replaced_by_a_new_one_alone()
    {
        var shut = Read(Text(Sealed()), keys: []);
        foreach (var goal in Enum.GetValues<SealGoal>())
        {
            var write = shut.With([Ask(goal)], Writing(active: Other, keys: [Other]));
            Assert.Equal(Text(shut), Text(write.File));
        }

        Assert.Equal("renewed", KeyOf(shut.With([Put("renewed")], Writing(active: Other, keys: [Other])).File));
    }

    [Fact]
    public void Rotation_keeps_text_and_generation()
    {
        var write = Sealed().With([Ask(SealGoal.ActiveKey)], Writing(active: Other));
        Assert.Empty(write.Newest);
        Assert.Equal(Other.Id, Assert.Single(write.File.Store.Secrets).KeyId);
        var read = Read(Text(write.File), keys: [Other]);
        Assert.Equal(("first", 1), (KeyOf(read), Assert.Single(read.Newest).Value));
    }

    [Fact]
    public void Other_upstream_seals_again()
    {
        var write = Sealed().With([new BindSeals(["anthropic:key"], Elsewhere)], Writing());
        var profile = Read(Text(write.File)).Store.Profiles.Single();
        Assert.Equal((Elsewhere, 2), (profile.Origin, Assert.Single(write.Newest).Value));
        Assert.Empty(write.File.With([new BindSeals(["anthropic:key"], Elsewhere)], Writing()).Newest);
    }

    [Fact]
    public void References_and_blanks_are_no_secrets()
    {
        const string text = """
            { "profiles": {
              "a": { "type": "api_key", "provider": "anthropic", "key": "${MY_KEY}" },
              "b": { "type": "api_key", "provider": "anthropic", "key": { "source": "env", "id": "MY_KEY" } },
              "c": { "type": "token", "provider": "anthropic", "token": " " },
              "d": { "type": "token", "provider": "anthropic", "token": 7 },
              "e": { "type": "api_key", "provider": "anthropic", "key": "broken \ud83d" },
              "f": "no profile"
            } }
            """;
        var before = Read(text);
        Assert.Equal(Text(before), Text(before.With([Ask(SealGoal.Sealed)], Writing()).File));
    }

    // Whatever is in the file: sealed and unsealed again it says the same.
    [Fact]
    public void Unsealing_gives_back_what_was_sealed() => Gen.Dictionary(Gen.String, Gen.Select(Gen.String, Gen.Int[0, 3]))
        .Sample(secrets =>
        {
            var profiles = secrets.Aggregate(JsonObject.Empty, (all, each) => all.With(each.Key, JsonObject.Empty
                .With("type", JsonTree.Of("api_key")).With("provider", JsonTree.Of("anthropic"))
                .With(SecretPlace.Kinds[each.Value.Item2], JsonTree.Of(each.Value.Item1))));
            var plain = Read(JsonTreeText.Of(JsonObject.Empty.With("profiles", profiles)));
            var sealedFile = plain.With([Ask(SealGoal.Sealed)], Writing()).File;
            var read = Read(Text(sealedFile));
            Assert.Equal(Text(plain), Text(read.With([Ask(SealGoal.Plain)], Writing()).File));
            Assert.Equal(read.Store.Profiles.Length, plain.Store.Profiles.Length);
        });

    private static PutProfile Put(string key) =>
        new("anthropic:key", new ApiKeyCredential("anthropic", new Secret(key))) { Origin = Anthropic };

    private static SealSecrets Ask(SealGoal goal) => new(goal, ImmutableDictionary<string, string>.Empty);

    private SealedProfiles Sealed() => SealedProfiles.Empty.With([Put("first")], Writing()).File;

    private static string KeyOf(SealedProfiles profiles) =>
        ((ApiKeyCredential)profiles.Store.Find("anthropic:key")!.Credential).Key!.Reveal();

    private static string Text(SealedProfiles profiles) => Encoding.UTF8.GetString(profiles.ToUtf8());

    private static string Member(string text, string name) => ((JsonObject)JsonTreeParser.Parse(text, out _)!)
        .ObjectOf("profiles").ObjectOf("anthropic:key").ObjectOf(name).TextOf("sealed")!;

    private static SealReading Reading(IReadOnlyList<SealingKey>? keys, ImmutableDictionary<SecretPlace, long>? newest) => new(
        "main",
        id => ((keys ?? [Key, Other]).FirstOrDefault(key => key.Id == id), null),
        place => (newest ?? Unseen).GetValueOrDefault(place));

    private static SealedProfiles Read(
        string text, IReadOnlyList<SealingKey>? keys = null, ImmutableDictionary<SecretPlace, long>? newest = null)
    {
        Assert.True(SealedProfiles.TryParse(Encoding.UTF8.GetBytes(text), Reading(keys, newest), out var profiles, out _));
        return profiles;
    }

    private SealWriting Writing(bool isOn = true, IReadOnlyList<SealingKey>? keys = null) => Writing(Key, isOn, keys);

    private SealWriting Writing(SealingKey? active, bool isOn = true, IReadOnlyList<SealingKey>? keys = null) => new(
        Reading(keys, null), active, IsConfigured: true, isOn, Elsewhere,
        () => new SealMaterial([.. Bytes(32)], [.. Bytes(12)], [.. Bytes(12)]));

    private IEnumerable<byte> Bytes(int length) => Enumerable.Range(0, length).Select(_ => ++_fresh);
}
