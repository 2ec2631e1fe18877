using ClawGrpc.Core.Access;
using CsCheck;

namespace ClawGrpc.Core.Tests.Access;

/// <summary>Which texts are SPIFFE ids, and that there is one text for each.</summary>
public class SpiffeIdTests
{
    private const string OfDomain = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
    private const string OfPath = OfDomain + "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    [Theory]
    [InlineData("spiffe://td.example", "td.example", "")]
    [InlineData("spiffe://td.example/a", "td.example", "/a")]
    [InlineData("spiffe://td_1-x.example/ns/A.b/sa/c_d", "td_1-x.example", "/ns/A.b/sa/c_d")]
    [InlineData("spiffe://td/...", "td", "/...")]
    public void Id_is_read(string text, string domain, string path) =>
        Assert.Equal((new SpiffeId(domain, path), ""), SpiffeId.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("spiffe://")]
    [InlineData("spiffe:///a")]
    [InlineData("spiffe:td.example/a")]
    [InlineData("Spiffe://td.example/a")]
    [InlineData("https://td.example/a")]
    [InlineData(" spiffe://td.example/a")]
    [InlineData("spiffe://td.example/a ")]
    [InlineData("spiffe://td.example/a\n")]
    [InlineData("spiffe://td.example/a\0")]
    [InlineData("spiffe://Td.example/a")]
    [InlineData("spiffe://td.example:443/a")]
    [InlineData("spiffe://me@td.example/a")]
    [InlineData("spiffe://me:secret@td.example/a")]
    [InlineData("spiffe://td.example?a=b")]
    [InlineData("spiffe://td.example/a?b")]
    [InlineData("spiffe://td.example/a#b")]
    [InlineData("spiffe://td.example/%61")]
    [InlineData("spiffe://td%2eexample/a")]
    [InlineData("spiffe://td.example/")]
    [InlineData("spiffe://td.example/a/")]
    [InlineData("spiffe://td.example//a")]
    [InlineData("spiffe://td.example/a//b")]
    [InlineData("spiffe://td.example/./a")]
    [InlineData("spiffe://td.example/a/..")]
    [InlineData("spiffe://td.example/a\\b")]
    [InlineData("spiffe://td.example/é")]
    [InlineData("spiffe://[::1]/a")]
    [InlineData("spiffe://td.example/a*")]
    public void Other_text_is_refused(string text)
    {
        var (id, why) = SpiffeId.Parse(text);
        Assert.Null(id);
        Assert.NotEmpty(why);
    }

    [Fact]
    public void Length_has_a_limit()
    {
        const string start = "spiffe://td.example/";
        Assert.NotNull(SpiffeId.Parse(start + new string('a', 2048 - start.Length)).Id);
        Assert.Null(SpiffeId.Parse(start + new string('a', 2049 - start.Length)).Id);
        Assert.NotNull(SpiffeId.Parse($"spiffe://{new string('a', 255)}/a").Id);
        Assert.Null(SpiffeId.Parse($"spiffe://{new string('a', 256)}/a").Id);
    }

    [Fact]
    public void What_is_read_is_written_as_it_was() => Gen.String[Gen.Char["spife:/.-_%?#@aA1\n"], 0, 12]
        .Select(rest => $"spiffe://{rest}").Sample(text =>
        {
            if (SpiffeId.Parse(text).Id is not { } id)
                return;
            Assert.Equal(text, id.ToString());
            Assert.All(id.TrustDomain, each => Assert.Contains(each, OfDomain));
            Assert.All(id.Path.Replace("/", "", StringComparison.Ordinal), each => Assert.Contains(each, OfPath));
            Assert.All(id.Path.Split('/').Skip(1), segment => Assert.False(segment is "" or "." or ".."));
        });

    [Fact]
    public void Every_id_of_the_rules_is_read() => Gen.Select(
            Gen.String[Gen.Char[OfDomain], 1, 20], Gen.String[Gen.Char[OfPath], 1, 8].Array[0, 4])
        .Where(drawn => drawn.Item2.All(segment => segment is not ("." or "..")))
        .Sample(drawn => SpiffeId.Parse($"spiffe://{drawn.Item1}{string.Concat(drawn.Item2.Select(each => $"/{each}"))}").Id
            is not null);
}
