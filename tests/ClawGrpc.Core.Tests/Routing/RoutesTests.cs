using System.Collections.Immutable;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Tests.Routing;

public class RoutesTests
{
    private const string Opus = "claude-opus-4-6";
    private static readonly DateTimeOffset Noon = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);
    private static readonly ApiKeyCredential Key = new("anthropic", new Secret("sk-ant-api03-FAKE"));
    private static readonly TokenCredential Token = new("anthropic", new Secret("sk-ant-oat01-FAKE"));
    private static readonly OAuthCredential OAuth = new("anthropic", new Secret("sk-ant-oat01-FAKE"), null, Noon.AddHours(1));

    [Theory]
    [InlineData("clawgrpc", "key:old", "key:new", "oauth", "token")]
    [InlineData("openclaw", "oauth", "token", "key:old", "key:new")]
    [InlineData("openclaw-2026.1", "oauth", "token", "key:old", "key:new")]
    [InlineData("openclaw-cn", "oauth", "token", "key:old", "key:new")]
    [InlineData("moltbot", "oauth", "token", "key:old", "key:new")]
    [InlineData("clawdbot", "oauth", "token", "key:old", "key:new")]
    public void Kinds_are_tried_in_the_order_of_the_folder_least_recently_used_first(string generation, params string[] ids)
    {
        var store = Store(("key:new", Key), ("key:old", Key), ("token", Token), ("oauth", OAuth)) with
        {
            Health = ImmutableDictionary<string, ProfileHealth>.Empty
                .Add("key:new", new ProfileHealth { LastUsed = Noon.AddMinutes(-1) })
                .Add("key:old", new ProfileHealth { LastUsed = Noon.AddMinutes(-9) }),
        };
        var auth = AuthSettings.None with { Rank = Generation.Find(generation)!.Rank };
        Assert.Equal(ids, Ids(store, auth));
        Assert.Equal(["token", "key:new"], Ids(store, auth with { Order = Orders("token", "key:new") }));
        Assert.Equal("oauth", Ids(store, auth, preferred: "oauth").First());
    }

    [Fact]
    public void Stored_order_beats_configured_order_beats_round_robin()
    {
        var store = Store(("a", Key), ("b", Key), ("c", OAuth));
        var auth = AuthSettings.None with { Order = Orders("b", "a") };
        Assert.Equal(["b", "a"], Ids(store, auth));
        Assert.Equal(["a", "c"], Ids(store with { Order = Orders("a", "c", "a") }, auth));
        Assert.Equal(["a", "c"], Ids(store, AuthSettings.None with { Order = Orders("a", "c") }));
    }

    [Fact]
    public void Empty_configured_order_means_no_profiles() =>
        Assert.Empty(Ids(Store(("a", Key)), AuthSettings.None with { Order = Orders() }));

    [Fact]
    public void Undeclared_profile_is_unused_if_others_are_declared()
    {
        var auth = AuthSettings.None with { Profiles = [new DeclaredProfile("a", "anthropic", "api_key")] };
        Assert.Equal(["a"], Ids(Store(("a", Key), ("b", Key)), auth));
        var both = auth with { Profiles = [.. auth.Profiles, new DeclaredProfile("c", "anthropic", "oauth")] };
        Assert.Equal(["c", "a"], Ids(Store(("a", Key), ("b", Key), ("c", OAuth)), both));
    }

    [Fact]
    public void Order_counts_for_any_spelling_of_its_provider()
    {
        var store = Store(("a", Key), ("b", Key)) with { Order = Orders("b").Add("openai", ["a"]) };
        Assert.Equal(["b"], Ids(store, AuthSettings.None));
        Assert.Equal(["b"], Ids(store with
        {
            Order = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add(
            " Anthropic", ["b"]).Add("OpenAI", ["a"])
        }, AuthSettings.None));
        Assert.Equal(["b"], Ids(store with { Order = store.Order.Add("Anthropic", ["a"]) }, AuthSettings.None));
        var twice = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("Anthropic", ["a"]).Add("ANTHROPIC", ["b"]);
        Assert.Equal(["b"], Ids(store with { Order = twice }, AuthSettings.None));
    }

    // openclaw-spec.md, section 2.1.
    [Theory]
    [InlineData(" Anthropic ", "anthropic")]
    [InlineData("Z.AI", "zai")]
    [InlineData("z-ai", "zai")]
    [InlineData("OpenCode-Zen", "opencode")]
    [InlineData("qwen", "qwen-portal")]
    [InlineData("kimi-code", "kimi-coding")]
    public void Provider_names_are_normalized(string written, string provider) =>
        Assert.Equal(provider, Provider.Normalize(written));

    public static IEnumerable<object[]> Filters => new TheoryData<string, Credential, string, Eligibility>
    {
        { "a mode that is the type", Key, "api_key", Eligibility.Ok },
        { "oauth accepts a token", Token, "oauth", Eligibility.Ok },
        { "token does not accept oauth", OAuth, "token", Eligibility.ModeMismatch },
        { "another type", Key, "token", Eligibility.ModeMismatch },
        { "oauth does not accept a key", Key, "oauth", Eligibility.ModeMismatch },
        { "api_key does not accept a token", Token, "api_key", Eligibility.ModeMismatch },
        { "another provider", Key with { Provider = "openai" }, "api_key", Eligibility.ProviderMismatch },
        { "a blank key", Key with { Key = new Secret(" ") }, "api_key", Eligibility.MissingCredential },
        { "no token", Token with { Token = null }, "token", Eligibility.MissingCredential },
        { "a token that expires now", Token with { Expires = Noon }, "token", Eligibility.Expired },
        { "a token that expires next", Token with { Expires = Noon.AddMilliseconds(1) }, "token", Eligibility.Ok },
        { "an expired login", OAuth with { Expires = Noon.AddDays(-1) }, "oauth", Eligibility.Ok },
        { "an empty login", OAuth with { Access = new Secret("") }, "oauth", Eligibility.MissingCredential },
        { "a login of blanks", OAuth with { Access = new Secret(" "), Refresh = new Secret(" ") }, "oauth",
            Eligibility.MissingCredential },
        { "a login that can be refreshed", OAuth with { Access = null, Refresh = new Secret("r") }, "oauth", Eligibility.Ok },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    internal void Ineligible_profile_is_left_out_with_its_reason(
        string name, Credential credential, string mode, Eligibility why)
    {
        Assert.NotEmpty(name);
        var auth = AuthSettings.None with { Profiles = [new DeclaredProfile("a", "anthropic", mode)] };
        var order = ProfileOrder.Of(Store(("a", credential)), auth, "anthropic", $"anthropic/{Opus}", null, Noon);
        Assert.Equal(why == Eligibility.Ok ? ["a"] : [], order.Candidates.Select(candidate => candidate.Profile.Id));
        Assert.Equal(why == Eligibility.Ok ? [] : [why], order.Ineligible.Select(ineligible => ineligible.Why));
    }

    [Fact]
    public void Subscriptions_serve_unless_they_are_switched_off()
    {
        var store = Store(("oauth", OAuth), ("token", Token), ("key", Key));
        Assert.Equal(["oauth", "token", "key"], Ids(store, new AuthSettings()));
        Assert.Equal(["key"], Ids(store, new AuthSettings { Subscriptions = false }));
    }

    [Fact]
    public void Cooling_profiles_come_last_soonest_first()
    {
        var store = Store(("a", Key), ("b", Key), ("c", Key)) with
        {
            Order = Orders("a", "b", "c"),
            Health = ImmutableDictionary<string, ProfileHealth>.Empty
                .Add("a", new ProfileHealth { CooldownUntil = Noon.AddMinutes(9) })
                .Add("b", new ProfileHealth { DisabledUntil = Noon.AddMinutes(3) }),
        };
        Assert.Equal(["c", "b", "a"], Ids(store, AuthSettings.None));
        Assert.Equal(["a", "b", "c"], Ids(store, AuthSettings.None, now: Noon.AddMinutes(9)));
    }

    [Fact]
    public void Session_keeps_its_profile_while_that_can_serve()
    {
        var store = Store(("a", Key), ("b", Key)) with { Order = Orders("a", "b") };
        Assert.Equal(["b", "a"], Ids(store, AuthSettings.None, preferred: "b"));
        var cooling = store with { Health = store.Health.Add("b", new ProfileHealth { CooldownUntil = Noon.AddMinutes(1) }) };
        Assert.Equal(["a", "b"], Ids(cooling, AuthSettings.None, preferred: "b"));
    }

    [Fact]
    public void All_profiles_of_a_model_come_before_its_fallback()
    {
        var routes = Routes.Of(Store(
            ("a", Key), ("b", Key)), AuthSettings.None, null, new RouteQuestion([Opus, "claude-sonnet-4-5"], null, null), Noon);
        Assert.Equal(["a", "b", "a", "b"], routes.All.Select(route => route.ProfileId));
        Assert.Equal([Opus, Opus, "claude-sonnet-4-5", "claude-sonnet-4-5"], routes.All.Select(route => route.Model));
    }

    [Fact]
    public void Fallback_key_serves_only_if_no_profile_can()
    {
        var loose = new FallbackKey(new Secret("sk-ant-api03-ENV"), "env: ANTHROPIC_API_KEY");
        var expired = Store(("t", Token with { Expires = Noon }));
        var route = Assert.Single(Of(expired, loose).All);
        Assert.Same(loose, route.FallbackKey);
        Assert.Equal(("", $"anthropic/{Opus}"), (route.ProfileId, route.ModelRef));
        Assert.Null(Assert.Single(Of(Store(("a", Key)), loose).All).FallbackKey);
        var cooling = Store(("a", Key)) with
        {
            Health = ImmutableDictionary<string, ProfileHealth>.Empty.Add(
            "a", new ProfileHealth { CooldownUntil = Noon.AddMinutes(1) })
        };
        Assert.Equal(NoRoute.AllSetAside, Of(cooling, loose).Problem);
    }

    [Fact]
    public void Soonest_recovery_is_known_if_all_are_set_aside()
    {
        var store = Store(("a", Key), ("b", Key)) with
        {
            Health = ImmutableDictionary<string, ProfileHealth>.Empty
                .Add("a", new ProfileHealth { DisabledUntil = ProfileHealth.Never })
                .Add("b", new ProfileHealth { CooldownUntil = Noon.AddMinutes(7) }),
        };
        var routes = Of(store, null);
        Assert.Equal(NoRoute.AllSetAside, routes.Problem);
        Assert.Equal(Noon.AddMinutes(7), routes.Soonest);
        var sooner = Of(
            store with { Health = store.Health.SetItem("a", new ProfileHealth { CooldownUntil = Noon.AddMinutes(3) }) }, null);
        Assert.Equal(Noon.AddMinutes(3), sooner.Soonest);
        var never = Of(store with { Health = store.Health.SetItem("b", store.Health["a"]) }, null);
        Assert.Equal((NoRoute.AllSetAside, null), (never.Problem, never.Soonest));
    }

    [Fact]
    public void Fallback_model_is_tried_if_all_routes_are_set_aside()
    {
        var limited = new RouteHealth(Noon.AddMinutes(7), "rate_limit", 1, Noon);
        var store = Store(("a", Key)) with
        {
            Health = ImmutableDictionary<string, ProfileHealth>.Empty
                .Add("a", ProfileHealth.Unknown with { Routes = ProfileHealth.Unknown.Routes.Add($"anthropic/{Opus}", limited) }),
        };
        var routes = Routes.Of(store, AuthSettings.None, null, new RouteQuestion([Opus, "claude-sonnet-4-5"], null, null), Noon);
        Assert.Equal([new SetAside(Noon.AddMinutes(7), "rate_limit", false, $"anthropic/{Opus}"), null], routes.All.Select(
            route => route.SetAside));
        Assert.Equal((NoRoute.None, Noon.AddMinutes(7)), (routes.Problem, routes.Soonest));
        Assert.Equal(NoRoute.AllSetAside, Of(store, null).Problem);
    }

    [Fact]
    public void Strict_profile_is_tried_alone_despite_its_cooldown()
    {
        var store = Store(
            ("a", Key), ("b", Key), ("o", Key with { Provider = "openai" }), ("t", Token with { Expires = Noon })) with
        {
            Health = ImmutableDictionary<string, ProfileHealth>.Empty.Add(
                "b", new ProfileHealth { CooldownUntil = Noon.AddMinutes(7) }),
        };
        Assert.Equal("b", Assert.Single(Strict("b").All).ProfileId);
        Assert.Equal(NoRoute.ProfileMissing, Strict("z").Problem);
        Assert.Equal(NoRoute.ProfileOfOtherProvider, Strict("o").Problem);
        Assert.Equal(NoRoute.ProfileUnusable, Strict("t").Problem);

        Routes Strict(string id) =>
            Routes.Of(store, AuthSettings.None, null, new RouteQuestion([Opus, "claude-sonnet-4-5"], id, null), Noon);
    }

    [Fact]
    public void Missing_credentials_are_reported() =>
        Assert.Equal(NoRoute.MissingCredentials, Of(ProfileStore.Empty, null).Problem);

    private static Routes Of(ProfileStore store, FallbackKey? loose) =>
        Routes.Of(store, AuthSettings.None, loose, new RouteQuestion([Opus], null, null), Noon);

    private static IEnumerable<string> Ids(
        ProfileStore store, AuthSettings auth, string? preferred = null, DateTimeOffset? now = null) =>
        ProfileOrder.Of(store, auth, "anthropic", $"anthropic/{Opus}", preferred, now ?? Noon).Candidates.Select(
            candidate => candidate.Profile.Id);

    private static ProfileStore Store(params (string Id, Credential Credential)[] profiles) =>
        ProfileStore.Empty with { Profiles = [.. profiles.Select(profile => new Profile(profile.Id, profile.Credential))] };

    private static ImmutableDictionary<string, ImmutableArray<string>> Orders(params string[] ids) =>
        ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("anthropic", [.. ids]);
}
