using System.Buffers.Text;
using System.Text;
using ClawGrpc.Core.Access;
using CsCheck;

namespace ClawGrpc.Core.Tests.Access;

/// <summary>What is read from the text of a token, whatever it is.</summary>
public class JwtTextTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly JwtIssuer Issuer = new("https://i.example", "clawgrpc", "jwks.json");

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData("a.b.c.d.e")]
    [InlineData("e30.e30.")]
    [InlineData("e30.W10.YQ")]
    [InlineData("e30.IiI.YQ")]
    [InlineData("e30.e30=.YQ ==")]
    [InlineData("e30.!.YQ")]
    public void Text_that_is_no_token_is_refused(string text)
    {
        var (facts, why) = JwtText.Read(text);
        Assert.Null(facts);
        Assert.NotEmpty(why);
    }

    [Fact]
    public void No_text_is_a_fault() => Gen.String[Gen.Char["eyJ30.W_-={}\"\0"], 0, 40].Sample(text =>
    {
        if (JwtText.Read(text).Facts is { } facts)
            Assert.NotNull(JwtRules.ProblemOf(facts, Issuer, Noon));
    });

    [Fact]
    public void No_payload_is_a_fault() => Gen.Select(
        Gen.OneOf("iss", "aud", "sub", "exp", "iat", "nbf", "x"),
        Gen.OneOf(
            "null", "true", "-1", "1e400", "1e300", "253402300799", "253402300800", "\"\"", "[]", "[1,\"a\"]", "{}", "0.5"))
        .Array[0, 6].Sample(members =>
        {
            var payload = string.Join(
                ',', members.DistinctBy(each => each.Item1).Select(each => $"\"{each.Item1}\":{each.Item2}"));
            var (facts, why) = JwtText.Read($"{Part("""{"alg":"RS256"}""")}.{Part($"{{{payload}}}")}.YQ");
            if (facts is null)
                Assert.NotEmpty(why);
            else
                Assert.NotNull(JwtRules.ProblemOf(facts, Issuer, Noon));
        });

    // Seconds from now: made, ends; whether it is taken.
    [Theory]
    [InlineData(0, 3600, true)]
    [InlineData(0, 3601, false)]
    [InlineData(-3600, 0, true)]
    [InlineData(-600, -29, true)]
    [InlineData(-600, -30, false)]
    [InlineData(30, 600, true)]
    [InlineData(31, 600, false)]
    [InlineData(null, 3630, true)]
    [InlineData(null, 3631, false)]
    public void Times_are_taken_within_the_skew_of_clocks(int? made, int end, bool taken)
    {
        var facts = new JwtFacts("RS256", Issuer.Name, "s", ["clawgrpc"])
        {
            IssuedAt = made is { } seconds ? Noon.AddSeconds(seconds) : null,
            Expires = Noon.AddSeconds(end),
        };
        Assert.Equal(taken, JwtRules.ProblemOf(facts, Issuer, Noon) is null);
    }

    [Fact]
    public void Empty_audience_of_an_issuer_takes_nothing() => Assert.NotNull(JwtRules.ProblemOf(
        new JwtFacts("RS256", Issuer.Name, "s", [""]) { Expires = Noon.AddMinutes(1) }, Issuer with { Audience = "" }, Noon));

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
