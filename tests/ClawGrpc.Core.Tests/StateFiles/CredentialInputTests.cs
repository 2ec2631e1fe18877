using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Tests.StateFiles;

/// <summary>Checks of pasted credentials (openclaw-spec.md, section 3.3).</summary>
public class CredentialInputTests
{
    private const string Key = "sk-ant-api03-FAKE-KEY-ONE-00000000000000000001";
    private static readonly string Token = "sk-ant-oat01-FAKE-" + new string('t', 62);

    [Theory]
    [InlineData(Key)]
    [InlineData($"  {Key}\n")]
    [InlineData($"\uFEFF{Key}\u00A0")]
    [InlineData($"ANTHROPIC_API_KEY={Key}")]
    [InlineData($"export ANTHROPIC_API_KEY={Key}")]
    [InlineData($"export  ANTHROPIC_API_KEY = \"{Key}\"")]
    [InlineData($"'{Key}'")]
    [InlineData($"`{Key}`")]
    [InlineData($"{Key};")]
    [InlineData($"\" {Key} \"")]
    [InlineData($"_k='{Key};'")]
    [InlineData($"export ANTHROPIC_API_KEY=\"{Key}\";")]
    public void Pasted_api_key_is_cleaned(string pasted) => Assert.Equal(Key, Accepted(CredentialInput.ApiKey(pasted)));

    [Theory]
    [InlineData("\"abc'", "\"abc'")]
    [InlineData("\"", "\"")]
    [InlineData("abc;;", "abc;")]
    [InlineData("1A=x", "1A=x")]
    [InlineData("a b=x", "a b=x")]
    [InlineData("dGVzdA==", "dGVzdA==")]
    [InlineData("dGVzdGk=", "dGVzdGk=")]
    [InlineData("A==x", "=x")]
    [InlineData("another-providers-key", "another-providers-key")]
    public void Other_characters_of_an_api_key_are_kept(string pasted, string key) =>
        Assert.Equal(key, Accepted(CredentialInput.ApiKey(pasted)));

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\t")]
    [InlineData("''")]
    [InlineData("KEY=\" \"")]
    [InlineData(";")]
    public void Empty_input_is_refused_as_required(string pasted)
    {
        Assert.Equal("Required", Refused(CredentialInput.ApiKey(pasted)));
        if (string.IsNullOrWhiteSpace(pasted))
        {
            Assert.Equal("Required", Refused(CredentialInput.SetupToken(pasted)));
            Assert.Equal("Required", Refused(CredentialInput.PastedToken(pasted)));
        }
    }

    [Theory]
    [InlineData("sk-ant\tFAKE", "The key holds a tab at position 7: paste it again, as one line")]
    [InlineData("sk\0FAKE", "The key holds a control character at position 3: paste it again, as one line")]
    [InlineData("sk\u007fFAKE", "The key holds a control character at position 3: paste it again, as one line")]
    [InlineData("sk–FAKE", "The key holds the character U+2013, which no key has at position 3: paste it again, as one line")]
    [InlineData(
        "sk\u200BFAKE", "The key holds the character U+200B, which no key has at position 3: paste it again, as one line")]
    public void Unsendable_secret_is_refused_and_not_quoted(string pasted, string error)
    {
        Assert.Equal(error, Refused(CredentialInput.ApiKey(pasted)));
        Assert.Equal(error.Replace("key", "token", StringComparison.Ordinal), Refused(CredentialInput.PastedToken(pasted)));
    }

    [Theory]
    [InlineData("sk-ant\nFAKE")]
    [InlineData("sk-ant\rFAKE\r")]
    public void Api_key_with_line_break_is_refused(string pasted) =>
        Assert.Equal(
            "The key holds a line break at position 7: paste it again, as one line", Refused(CredentialInput.ApiKey(pasted)));

    [Theory]
    [InlineData("sk-ant\nFAKE")]
    [InlineData(" sk-\r\nant\u2028FA\u2029KE\n")]
    public void Line_breaks_are_taken_out_of_a_token(string pasted)
    {
        Assert.Equal("sk-antFAKE", Accepted(CredentialInput.PastedToken(pasted)));
    }

    [Fact]
    public void Overlong_secret_is_refused()
    {
        Assert.Equal(
            "The key is too long: 8193 characters, at most 8192", Refused(CredentialInput.ApiKey(new string('k', 8193))));
        Assert.Equal(8192, Accepted(CredentialInput.PastedToken(new string('k', 8192))).Length);
    }

    [Fact]
    public void Secret_of_another_kind_is_refused_with_a_remedy()
    {
        Assert.Equal(
            "This is an admin key, which cannot call models: create an API key in the Anthropic Console and paste that",
            Refused(CredentialInput.ApiKey("sk-ant-admin01-FAKE")));
        Assert.Equal(
            "This is a setup-token, not an API key: onboard it as a setup-token", Refused(CredentialInput.ApiKey(Token)));
        Assert.Equal(
            "Expected token starting with sk-ant-oat01-: this is an API key, onboard it as one", Refused(
                CredentialInput.SetupToken(Key)));
    }

    [Theory]
    [InlineData("nonsense", "Expected token starting with sk-ant-oat01-")]
    [InlineData("sk-ant-oat02-", "Expected token starting with sk-ant-oat01-")]
    [InlineData("sk-ant-oat01-FAKE", "Token looks too short; paste the full setup-token")]
    public void Setup_token_errors_use_OpenClaws_words(string pasted, string error) =>
        Assert.Equal(error, Refused(CredentialInput.SetupToken(pasted)));

    [Fact]
    public void Setup_token_has_at_least_80_characters()
    {
        Assert.Equal(80, Token.Length);
        Assert.Equal(Token, Accepted(CredentialInput.SetupToken(Token)));
        Assert.Equal("Token looks too short; paste the full setup-token", Refused(CredentialInput.SetupToken(Token[..^1])));
    }

    [Fact]
    public void Setup_token_broken_into_lines_is_joined() =>
        Assert.Equal(Token, Accepted(CredentialInput.SetupToken($"\n {Token[..40]}\r\n  {Token[40..]}\n")));

    [Fact]
    public void Setup_token_that_no_header_can_carry_is_refused() => Assert.Equal(
        "The token holds the character U+2026, which no token has at position 81: paste it again, as one line",
        Refused(CredentialInput.SetupToken(Token + "…")));

    [Theory]
    [InlineData(" anything goes ", "anything goes")]
    [InlineData("x", "x")]
    [InlineData("KEY='v'", "KEY='v'")]
    public void Pasted_token_is_only_trimmed(string pasted, string token) =>
        Assert.Equal(token, Accepted(CredentialInput.PastedToken(pasted)));

    [Theory]
    [InlineData("anthropic", "work", "anthropic:work")]
    [InlineData(" Anthropic ", "  My Laptop! (2) ", "anthropic:my-laptop-2")]
    [InlineData("z.ai", "a_b.c-d", "zai:a_b.c-d")]
    [InlineData("anthropic", "", "anthropic:default")]
    [InlineData("anthropic", " -- ", "anthropic:default")]
    [InlineData("anthropic", "日本", "anthropic:default")]
    [InlineData("anthropic", "a -- b", "anthropic:a-b")]
    public void Token_name_becomes_a_profile_id(string provider, string name, string id) =>
        Assert.Equal(id, CredentialInput.TokenProfileId(provider, name));

    private static string Accepted(CheckedSecret result)
    {
        Assert.Null(result.Error);
        Assert.True(result.IsAccepted);
        return result.Secret.Reveal();
    }

    private static string Refused(CheckedSecret result)
    {
        Assert.Null(result.Secret);
        Assert.False(result.IsAccepted);
        return result.Error;
    }
}
