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

    [Theory]
    [InlineData(1_000_000_000, 1_000_000_000_000_000)]
    [InlineData(0.0000000001, 1)]
    public void Budget_that_the_rules_take_is_read_as_it_was_written(double usd, long tokens)
    {
        var client = Whole with { Budget = new ClientBudget((decimal)usd, tokens, BudgetPeriod.Day) };
        Assert.Empty(ClientRules.Problems(client));
        var (read, error) = ClientsDocument.Read(ClientsDocument.Write(StoredClients.None.With(client)), "clients.json");
        Assert.Null(error);
        Assert.Equal(client.Budget, read!.Clients[0].Budget);
        Assert.NotEmpty(ClientRules.Problems(client with { Budget = client.Budget with { Usd = 1_000_000_001 } }));
        Assert.NotEmpty(ClientRules.Problems(client with { Budget = client.Budget with { Tokens = 1_000_000_000_000_001 } }));
    }

    [Theory]
    [InlineData("expires", "253402300800000")]
    [InlineData("expires", "1e300")]
    [InlineData("expires", "-1")]
    [InlineData("expires", "'never'")]
    [InlineData("created", "1e300")]
    public void Token_whose_time_is_none_is_refused_and_not_valid_for_ever(string member, string value)
    {
        var hash = Convert.ToBase64String(new byte[32]);
        var text = $"{{tokens:{{a:{{client:'ci',generations:[{{hash:'{hash}',{member}:{value}}}]}}}}}}";
        Assert.NotNull(ClientsDocument.Read(text, "clients.json").Error);
    }

    [Theory]
    [InlineData("2")]
    [InlineData("'1'")]
    public void Document_of_another_version_is_refused(string version) =>
        Assert.NotNull(ClientsDocument.Read($"{{version:{version},clients:{{}}}}", "clients.json").Error);

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
    [InlineData("""{clients:{"sk-ant-api03-FAKE-key":{scopes:["status"],agents:["*"]}}}""", "looks like a secret")]
    [InlineData("""{clients:{ci:{scopes:["status"],agents:["sk-ant-api03-FAKE-key"]}}}""", "looks like a secret")]
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
