using System.Collections.Immutable;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Configuration;
using CsCheck;

namespace ClawGrpc.Core.Tests.Configuration;

public class ClientsDocumentTests
{
    private static readonly DateTimeOffset Time = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);

    private static readonly Client Whole = new()
    {
        Name = "ci",
        Scopes = Scopes.Complete | Scopes.Status,
        Agents = ["main", "work"],
        Models = ["anthropic/claude-sonnet-4-5"],
        Bindings =
        [
            new Binding.UnixUser(1001), new Binding.UnixGroup(50), new Binding.CertificateName("uri:spiffe://td/ns/*"),
            new Binding.JwtSubject("https://i", "a:b:*", ImmutableDictionary<string, string>.Empty.Add("k", "${HOME}")),
        ],
        Limits = new ClientLimits(60, 4, 2, 100),
        Budget = new ClientBudget(12.34m, 1_000_000, BudgetPeriod.Month),
        Created = Time,
    };

    [Fact]
    public void Everything_is_read_as_it_was_written()
    {
        var token = new ClientToken
        {
            Id = "abcdefghijkl",
            Label = "of ${USER} and $${X}",
            Agent = "main",
            Session = "s",
            LastUsed = Time,
            Generations =
            [
                new TokenGeneration([.. new byte[32]], Time, Time.AddDays(1)), new TokenGeneration([.. new byte[32]], Time, null),
            ],
        };
        var text = ClientsDocument.Write(StoredClients.None.With(Whole).With("ci", token));
        var (read, error) = ClientsDocument.Read(text, "clients.json");
        Assert.Null(error);
        Assert.Equal(text, ClientsDocument.Write(read!));
        Assert.Equal(token.Label, read!.Tokens[0].Token.Label);
        Assert.Equal(12.34m, read.Clients[0].Budget?.Usd);
        Assert.Equal("${HOME}", read.Clients[0].Bindings.OfType<Binding.JwtSubject>().Single().Claims["k"]);
    }

    [Fact]
    public void Cut_document_is_refused_and_never_read_as_less()
    {
        var text = ClientsDocument.Write(StoredClients.None.With(Whole)).TrimEnd();
        Gen.Int[1, text.Length - 1].Sample(length => Assert.NotNull(ClientsDocument.Read(text[..length], "clients.json").Error));
    }

    [Theory]
    [InlineData("""{clients:{ci:{scopes:["complete"]}}}""", "agents")]
    [InlineData("""{clients:{ci:{scopes:[],agents:["*"]}}}""", "scopes")]
    [InlineData("""{clients:{ci:{scopes:["root"],agents:["*"]}}}""", "scopes")]
    [InlineData("""{clients:{local:{scopes:["status"],agents:["*"]}}}""", "local")]
    [InlineData("""{clients:{"a b":{scopes:["status"],agents:["*"]}}}""", "letters")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["../x"]}}}""", "agents")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["*"],models:["opus"]}}}""", "models")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["*"],unixUsers:[65534]}}}""", "65534")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["*"],unixUsers:[0]}}}""", "root")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["*"],unixUsers:["me"]}}}""", "unixUsers")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["*"],certificates:["cn:me"]}}}""", "certificates")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["*"],certificates:["uri:spiffe://*/a"]}}}""", "certificates")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["*"],certificates:["uri:spiffe://td/a*"]}}}""", "certificates")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["*"],subjects:[{issuer:"i",subject:"*"}]}}}""", "subjects")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["*"],subjects:[{issuer:"i"}]}}}""", "subject")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["*"],limits:{completions:0}}}}""", "completions")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["*"],budget:{period:"day"}}}}""", "budget")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["*"],novel:1}}}""", "novel")]
    [InlineData("""{tokens:{x:{client:"ci",generations:[{hash:"AA=="}]}}}""", "hash")]
    public void Wrong_client_is_named(string text, string named)
    {
        var (_, error) = ClientsDocument.Read(text, "clients.json");
        Assert.Contains(named, $"{error}", StringComparison.OrdinalIgnoreCase);
    }
}
