using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Tests.StateFiles;

public class ClaudeLoginTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(1_000_000);

    [Fact]
    public void Refreshable_login_is_oauth_and_any_other_is_a_token()
    {
        var login = ClaudeLogin.Parse(
            """{"claudeAiOauth":{"accessToken":"a","refreshToken":"r","expiresAt":5000,"scopes":["x"]}}""");
        var token = ClaudeLogin.Parse("""{"claudeAiOauth":{"accessToken":"a","refreshToken":"","expiresAt":5000}}""");

        var oauth = Assert.IsType<OAuthCredential>(login);
        Assert.Equal(
            ("a", "r", 5000L), (oauth.Access!.Reveal(), oauth.Refresh!.Reveal(), oauth.Expires!.Value.ToUnixTimeMilliseconds()));
        Assert.Equal("a", Assert.IsType<TokenCredential>(token).Token!.Reveal());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"claudeAiOauth":{"accessToken":"","expiresAt":5000}}""")]
    [InlineData("""{"claudeAiOauth":{"accessToken":"a"}}""")]
    [InlineData("""{"claudeAiOauth":{"accessToken":"a","expiresAt":"5000"}}""")]
    [InlineData("""{"claudeAiOauth":{"accessToken":"a","expiresAt":0}}""")]
    public void File_without_a_login_gives_none(string text) => Assert.Null(ClaudeLogin.Parse(text));

    // The stored login and the CLI's, each as kind and end in minutes from now.
    [Theory]
    [InlineData("", "oauth 60", true)]
    [InlineData("", "token -60", true)]
    [InlineData("api_key", "token 60", true)]
    [InlineData("token 60", "oauth 60", true)]
    [InlineData("oauth -60", "token 60", false)]
    [InlineData("oauth -60", "oauth 60", true)]
    [InlineData("oauth 0", "oauth -30", true)]
    [InlineData("oauth 30", "oauth 60", true)]
    [InlineData("oauth 60", "oauth 30", false)]
    [InlineData("token 30", "token 60", true)]
    [InlineData("token 60", "token 30", false)]
    [InlineData("token 60", "token 60", false)]
    public void Login_that_lasts_longer_or_can_do_more_wins(string stored, string live, bool replaces) =>
        Assert.Equal(replaces, ClaudeLogin.Replaces(Made(stored), Made(live)!, Now));

    private static Credential? Made(string text)
    {
        var (kind, minutes) = text.Split(' ') is [var name, var number] ? (name, int.Parse(number, null)) : (text, 0);
        var end = Now.AddMinutes(minutes);
        return kind switch
        {
            "oauth" => new OAuthCredential("anthropic", new Secret("a"), new Secret("r"), end),
            "token" => new TokenCredential("anthropic", new Secret("a"), end),
            "api_key" => new ApiKeyCredential("anthropic", new Secret("k")),
            _ => null,
        };
    }
}
