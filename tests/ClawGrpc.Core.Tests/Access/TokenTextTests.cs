using ClawGrpc.Core.Access;
using CsCheck;

namespace ClawGrpc.Core.Tests.Access;

public class TokenTextTests
{
    private static readonly Gen<TokenText> Tokens = Gen.Select(
        Gen.Byte.Array[TokenText.IdBytes], Gen.Byte.Array[TokenText.SecretBytes], (id, secret) => TokenText.Of(id, secret));

    [Fact]
    public void Every_token_is_read_as_it_was_written() => Tokens.Sample(token =>
    {
        var read = TokenText.Parse(token.Whole.Reveal());
        Assert.Equal(token, read);
        Assert.Equal(token.HashWith([1]), read!.HashWith([1]));
    });

    [Fact]
    public void Form_is_that_of_the_documentation() => Tokens.Sample(
        token => Assert.Matches("^claw_[a-z2-7]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$", token.Whole.Reveal()));

    [Fact]
    public void Changed_character_is_told_from_a_wrong_token() => Gen.Select(Tokens, Gen.Int[5, 67], Gen.Char['a', 'z']).Sample(
        (token, place, other) =>
        {
            var text = token.Whole.Reveal();
            if (text[place] != other)
                Assert.Null(TokenText.Parse($"{text[..place]}{other}{text[(place + 1)..]}"));
        });

    [Theory]
    [InlineData("")]
    [InlineData("claw_")]
    [InlineData("sk-ant-api03-abc")]
    [InlineData("claw_abcdefghijkl_0000000000000000000000000000000000000000000_000000")]
    public void Other_text_is_no_token(string text) => Assert.Null(TokenText.Parse(text));

    [Fact]
    public void Hash_needs_the_key()
    {
        var token = TokenText.Of(new byte[TokenText.IdBytes], new byte[TokenText.SecretBytes]);
        Assert.NotEqual(token.HashWith([1]), token.HashWith([2]));
    }

    [Fact]
    public void Secret_is_not_printed() => Tokens.Sample(
        token => Assert.DoesNotContain(token.Secret.Reveal(), $"{token} {token.Whole}", StringComparison.Ordinal));
}
