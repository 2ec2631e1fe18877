using System.Collections.Immutable;
using ClawGrpc.Core.Access;

namespace ClawGrpc.Core.Tests.Access;

public class ClientDirectoryTests
{
    private const uint ServerUid = 1000;
    private static readonly DateTimeOffset Now = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);
    private static readonly ImmutableArray<byte> Hash = [.. Enumerable.Repeat((byte)7, 32)];
    private static readonly ImmutableArray<byte> OtherHash = [.. Enumerable.Repeat((byte)8, 32)];

    [Theory]
    [InlineData(0, "local")]
    [InlineData(ServerUid, "local")]
    [InlineData(1001, "user")]
    [InlineData(1002, "group")]
    [InlineData(1003, "")]
    [InlineData(ClientDirectory.Unmapped, "")]
    public void Unix_user_leads_to(uint uid, string client)
    {
        var groups = uid == 1003 ? ImmutableArray.Create(9U) : [5U, 6U];
        var directory = Of(Client("group", new Binding.UnixGroup(6)), Client("user", new Binding.UnixUser(1001)));
        var (caller, why) = directory.Find(new Proof.Peer(uid, uid == ClientDirectory.Unmapped ? [] : groups, 42), Now);
        Assert.Equal(client, caller?.Client.Name ?? "");
        Assert.Equal(client.Length == 0, why.Length > 0);
    }

    [Fact]
    public void Token_leads_to_its_client_until_it_ends()
    {
        var directory = Of(WithToken(new TokenGeneration(Hash, Now.AddDays(-1), Now.AddHours(1))));
        Assert.Equal("ci", directory.Find(new Proof.Token("id", Hash), Now).Caller?.Client.Name);
        Assert.Equal(Now.AddHours(1), directory.Find(new Proof.Token("id", Hash), Now).Caller?.Expires);
        Assert.Contains("expired", directory.Find(new Proof.Token("id", Hash), Now.AddHours(1)).Why);
        Assert.Contains("not this one", directory.Find(new Proof.Token("id", OtherHash), Now).Why);
        Assert.Contains("no token", directory.Find(new Proof.Token("other", Hash), Now).Why);
    }

    [Fact]
    public void Secret_of_before_a_rotation_is_valid_for_the_grace()
    {
        var token = new ClientToken { Id = "id", Generations = [new TokenGeneration(Hash, Now.AddDays(-1), Now.AddDays(80))] };
        var rotated = token.Rotated(new TokenGeneration(OtherHash, Now, Now.AddDays(90)), TimeSpan.FromHours(24));
        Assert.NotNull(rotated.Find(Hash.AsSpan(), Now.AddHours(23)));
        Assert.Null(rotated.Find(Hash.AsSpan(), Now.AddHours(24)));
        Assert.NotNull(rotated.Find(OtherHash.AsSpan(), Now.AddDays(89)));
        Assert.Null(token.Rotated(new TokenGeneration(OtherHash, Now, null), TimeSpan.Zero).Find(Hash.AsSpan(), Now));

        // At most two, and a grace makes nothing last longer.
        var again = rotated.Rotated(new TokenGeneration([.. new byte[32]], Now.AddHours(1), null), TimeSpan.FromDays(365));
        Assert.Equal(2, again.Generations.Length);
        Assert.Equal(Now.AddDays(90), again.Generations[1].Expires);
    }

    [Fact]
    public void Certificate_and_signed_token_lead_to_their_clients_until_they_end()
    {
        var directory = Of(
            Client("cert", new Binding.CertificateName("uri:spiffe://td/ns/a/*"), new Binding.CertificateName("dns:a.example")),
            Client("jwt", new Binding.JwtSubject(
                "https://k8s", "system:serviceaccount:prod:*", ImmutableDictionary<string, string>.Empty.Add("x", "1"))));
        var certificate = new Proof.Certificate(["uri:spiffe://td/ns/a/sa/b"], "", Now.AddHours(1)) { Authority = "td:CA" };
        Assert.Equal("cert", directory.Find(certificate, Now).Caller?.Client.Name);
        Assert.Null(directory.Find(certificate, Now.AddHours(1)).Caller);
        Assert.Null(directory.Find(certificate with { Names = ["uri:spiffe://td/ns/ab"] }, Now).Caller);
        Assert.Equal("cert", directory.Find(certificate with { Names = ["dns:a.example"] }, Now).Caller?.Client.Name);
        Assert.Null(directory.Find(certificate with { Authority = "td:OTHER" }, Now).Caller);
        Assert.Null(directory.Find(certificate with { Authority = ":CA" }, Now).Caller);

        var claims = ImmutableDictionary<string, string>.Empty.Add("x", "1");
        var jwt = new Proof.Jwt("https://k8s", "system:serviceaccount:prod:web", claims, Now.AddMinutes(10));
        Assert.Equal("jwt", directory.Find(jwt, Now).Caller?.Client.Name);
        Assert.Null(directory.Find(jwt with { Subject = "system:serviceaccount:dev:web" }, Now).Caller);
        Assert.Null(directory.Find(jwt with { Subject = "system:serviceaccount:prod:" }, Now).Caller);
        Assert.Null(directory.Find(jwt with { Issuer = "https://other" }, Now).Caller);
        Assert.Null(directory.Find(jwt with { Claims = claims.SetItem("x", "2") }, Now).Caller);
        Assert.Null(directory.Find(jwt, Now.AddMinutes(10)).Caller);
    }

    [Theory]
    [InlineData("uri:spiffe://td/a", "uri:spiffe://td/a", true)]
    [InlineData("uri:spiffe://td/a", "uri:spiffe://td/ab", false)]
    [InlineData("uri:spiffe://td/a/*", "uri:spiffe://td/a/b/c", true)]
    [InlineData("uri:spiffe://td/a/*", "uri:spiffe://td/a", false)]
    [InlineData("uri:spiffe://td/a/*", "uri:spiffe://td/a/", false)]
    [InlineData("uri:spiffe://td/a/*", "uri:spiffe://td/ab/c", false)]
    [InlineData("uri:spiffe://td/*/b", "uri:spiffe://td/a/b", true)]
    [InlineData("uri:spiffe://td/*/b", "uri:spiffe://td/a/x/b", false)]
    [InlineData("a:*:c", "a:b/c", false)]
    public void Star_is_a_whole_segment(string pattern, string text, bool matches) =>
        Assert.Equal(matches, SegmentPattern.Matches(pattern, text));

    [Fact]
    public void Client_without_an_agent_to_use_may_use_none()
    {
        var caller = new Caller(Client("x") with { Agents = [] }, new Proof.Loopback());
        Assert.False(caller.MayUse("main"));
        Assert.False(caller.HasAllAgents);
    }

    [Fact]
    public void Bound_token_is_for_its_agent_and_session_alone()
    {
        var token = new ClientToken { Id = "id", Agent = "work", Session = "s1", Generations = [] };
        var caller = new Caller(Client("x") with { Agents = ["*"] }, new Proof.Loopback()) { Token = token };
        Assert.True(caller.MayUse("work"));
        Assert.False(caller.MayUse("main"));
        Assert.False(caller.HasAllAgents);
        Assert.Equal("work", caller.DefaultAgent("main"));
        Assert.Equal("s1", caller.SessionOf(""));
        Assert.Equal("s1", caller.SessionOf("s1"));
        Assert.Null(caller.SessionOf("s2"));
    }

    private static ClientDirectory Of(params ImmutableArray<Client> clients) =>
        new(clients, ServerUid) { Trusted = new TrustedParties(["td:CA"], ["https://k8s"]) };

    private static Client Client(string name, params ImmutableArray<Binding> bindings) =>
        new() { Name = name, Scopes = Scopes.All, Agents = ["*"], Bindings = bindings };

    private static Client WithToken(TokenGeneration generation) =>
        Client("ci") with { Tokens = [new ClientToken { Id = "id", Generations = [generation] }] };
}
