using ClawGrpc.Core.Sealing;
using CsCheck;

namespace ClawGrpc.Core.Tests.Sealing;

public class SealedSecretTests
{
    private const string Text = "sk-ant-api03-FAKE-0123456789-abcdefgh";
    private static readonly SealLabel Label = new("main", "anthropic:work", "key", "https://api.anthropic.com", 7);
    private static readonly SealingKey Key = SealingKey.Of(Bytes(32, 1));
    private static readonly SealingKey Other = SealingKey.Of(Bytes(32, 2));

    // Whole text of any length, with white space, control characters and pairs of surrogates.
    private static readonly Gen<string> Texts = Gen.String.Where(SealedSecret.CanHold);

    private static readonly Gen<(string Text, SealLabel Label)> Secrets = Gen.Select(
        Texts, Texts, Texts, Texts, Gen.Long[1, long.MaxValue],
        (text, agent, profile, origin, generation) => (text, new SealLabel(agent, profile, "refresh", origin, generation)));

    [Fact]
    public void Sealed_secret_opens_in_its_own_place() => Secrets.Sample(secret =>
    {
        var made = SealedSecret.Seal(new Secret(secret.Text), secret.Label, Key, Material(3));
        Assert.True(SealedSecret.TryParse(made.ToBytes(), out var read, out _));
        Assert.Equal((Key.Id, secret.Label.Origin, secret.Label.Generation), (read.KeyId, read.Origin, read.Generation));
        Assert.Equal(secret.Text, Open(read, secret.Label)?.Reveal());
    });

    [Theory]
    [InlineData("agent")]
    [InlineData("profile")]
    [InlineData("kind")]
    [InlineData("origin")]
    [InlineData("generation")]
    [InlineData("key")]
    [InlineData("key id")]
    public void Any_other_label_or_key_opens_nothing(string part)
    {
        var made = Made();
        var (place, key) = (Label, Key);
        switch (part)
        {
            case "agent":
                place = Label with { AgentId = "work" };
                break;
            case "profile":
                place = Label with { ProfileId = "anthropic:other" };
                break;
            case "kind":
                place = Label with { Kind = "token" };
                break;
            case "origin":
                made = made with { Origin = "https://elsewhere.example" };
                break;
            case "generation":
                made = made with { Generation = 8 };
                break;
            case "key":
                key = Other;
                break;
            case "key id":
                (made, key) = (made with { KeyId = Other.Id }, Other);
                break;
        }

        Assert.Equal(Text, Open(Made(), Label)?.Reveal());
        Assert.Null(made.Open(place.AgentId, place.ProfileId, place.Kind, key));
    }

    // What is long enough and shifted between two parts is other bytes.
    [Fact]
    public void Labels_of_the_same_letters_are_different_bytes()
    {
        SealLabel[] labels =
        [
            new("ab", "c", "key", "", 1), new("a", "bc", "key", "", 1), new("abc", "", "key", "", 1),
            new("", "abc", "key", "", 1), new("ab", "ck", "ey", "", 1), new("ab", "c", "", "key", 1),
        ];
        Assert.Equal(labels.Length, labels.Select(label => Convert.ToHexString(label.ToBytes("k"))).Distinct().Count());
        Assert.NotEqual(Label.ToBytes("k"), Label.ToBytes(""));
    }

    [Fact]
    public void Every_flipped_bit_keeps_it_shut() => Gen.Int[0, (8 * Made().ToBytes().Length) - 1].Sample(bit =>
    {
        var bytes = Made().ToBytes();
        bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        var opened = SealedSecret.TryParse(bytes, out var read, out var problem) ? Open(read, Label) : null;
        Assert.Null(opened);
        Assert.True(read is not null || problem is not null);
    });

    [Fact]
    public void Every_cut_keeps_it_shut() => Gen.Int[0, Made().ToBytes().Length - 1].Sample(length =>
    {
        if (SealedSecret.TryParse(Made().ToBytes().AsSpan(0, length), out var read, out var problem))
            Assert.Null(Open(read, Label));
        else
            Assert.Contains(problem, new[] { "it is empty", "it is cut off or damaged" });
    });

    [Fact]
    public void Any_bytes_are_read_or_refused() => Gen.Byte.Array.Sample(bytes =>
        Assert.True(SealedSecret.TryParse(bytes, out _, out var problem) || problem.Length > 0));

    [Fact]
    public void Rewrapped_secret_opens_with_the_new_key_alone()
    {
        var rewrapped = Made().Rewrap("main", "anthropic:work", "key", Key, Other, Bytes(12, 9));
        Assert.NotNull(rewrapped);
        Assert.Equal((Other.Id, 7L), (rewrapped.KeyId, rewrapped.Generation));
        Assert.Equal(Text, rewrapped.Open("main", "anthropic:work", "key", Other)?.Reveal());
        Assert.Null(rewrapped.Open("main", "anthropic:work", "key", Key));
        Assert.Null(Made().Rewrap("work", "anthropic:work", "key", Key, Other, Bytes(12, 9)));
        Assert.Null(Made().Rewrap("main", "anthropic:work", "key", Other, Key, Bytes(12, 9)));

        // Only the wrapped key is another one.
        Assert.Equal(Made().ToBytes()[^(12 + 16 + Text.Length)..], rewrapped.ToBytes()[^(12 + 16 + Text.Length)..]);
    }

    [Fact]
    public void Passphrase_gives_the_same_key_by_the_parameters_in_its_id()
    {
        var made = SealingKey.Of("correct horse"u8, new PassphraseKey(100_000, [.. Bytes(16, 5)]));
        Assert.StartsWith("pbkdf2-sha256:100000:BQUFBQUFBQUFBQUFBQUFBQ:", made.Id, StringComparison.Ordinal);
        Assert.True(PassphraseKey.TryParse(made.Id, out var parameters));
        Assert.Equal(made.Id, SealingKey.Of("correct horse"u8, parameters).Id);
        Assert.NotEqual(made.Id, SealingKey.Of("incorrect horse"u8, parameters).Id);
        var sealedSecret = SealedSecret.Seal(new Secret(Text), Label, made, Material(3));
        Assert.Equal(Text, sealedSecret.Open(
            "main", "anthropic:work", "key", SealingKey.Of("correct horse"u8, parameters))?.Reveal());
    }

    [Fact]
    public void Erased_key_seals_and_opens_nothing()
    {
        var key = SealingKey.Of(Bytes(32, 1));
        key.Erase();
        Assert.Throws<ObjectDisposedException>(() => SealedSecret.Seal(new Secret(Text), Label, key, Material(3)));
        Assert.Throws<ObjectDisposedException>(() => Made().Open("main", "anthropic:work", "key", key));
    }

    [Theory]
    [InlineData("pbkdf2-sha256:1:BQUFBQUFBQUFBQUFBQUFBQ:00")]
    [InlineData("pbkdf2-sha256:99999999:BQUFBQUFBQUFBQUFBQUFBQ:00")]
    [InlineData("pbkdf2-sha256:600000:BQUF:00")]
    [InlineData("pbkdf2-sha256:600000:BQUFBQUFBQUFBQUFBQUFBQ:")]
    [InlineData("pbkdf2-sha256:600000:!:00")]
    [InlineData("pbkdf2-sha1:600000:BQUFBQUFBQUFBQUFBQUFBQ:00")]
    [InlineData("key:0011223344556677")]
    [InlineData("")]
    public void Weak_or_endless_derivations_are_no_parameters(string keyId) => Assert.False(PassphraseKey.TryParse(keyId, out _));

    [Fact]
    public void Neither_key_nor_secret_can_be_printed()
    {
        var key = SealingKey.Of(Bytes(32, 1));
        string[] texts = [$"{key}", $"{Made()}", $"{Material(1)}", key.Id];
        Assert.All(texts, text => Assert.DoesNotContain("0101010101", text, StringComparison.Ordinal));
        Assert.All(texts, text => Assert.DoesNotContain("sk-ant", text, StringComparison.Ordinal));
        Assert.Matches("^key:[0-9a-f]{16}$", key.Id);
    }

    [Fact]
    public void Only_whole_characters_are_held()
    {
        Assert.All(new[] { "", "a😀b", "�" }, text => Assert.True(SealedSecret.CanHold(text)));
        Assert.All(new[] { "\uD83D", "a\uDE00b", "\uDE00\uD83D", "😀\uD83D" }, text => Assert.False(SealedSecret.CanHold(text)));
    }

    private static SealedSecret Made() => SealedSecret.Seal(new Secret(Text), Label, Key, Material(3));

    private static Secret? Open(SealedSecret found, SealLabel place) =>
        found.Open(place.AgentId, place.ProfileId, place.Kind, Key);

    private static SealMaterial Material(byte fill) => new(Bytes(32, fill), Bytes(12, fill), Bytes(12, (byte)(fill + 1)));

    private static byte[] Bytes(int length, byte fill) => [.. Enumerable.Repeat(fill, length)];
}
