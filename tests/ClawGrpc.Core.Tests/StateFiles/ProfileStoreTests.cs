using System.Collections.Immutable;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Tests.StateFiles;

/// <summary>
/// The main agent's keys as another agent sees them (openclaw-spec.md, section 0: <c>auth.inheritFromMain</c>).
/// </summary>
public class ProfileStoreTests
{
    private static readonly ProfileHealth Cooling =
        new() { CooldownUntil = DateTimeOffset.UnixEpoch.AddYears(60), ErrorCount = 1 };

    private static readonly ProfileStore Main = new()
    {
        Profiles = [Key("anthropic:a", "main-a"), new Profile(
            "anthropic:login", new TokenCredential("anthropic", new Secret("t"))), Key("anthropic:b", "main-b")],
        Order = Orders(("anthropic", ["anthropic:b"]), ("openai", ["openai:x"])),
        Health = ImmutableDictionary<string, ProfileHealth>.Empty.Add("anthropic:a", Cooling).Add("anthropic:login", Cooling),
    };

    [Fact]
    public void Keys_come_first_and_subscriptions_do_not_come()
    {
        var seen = new ProfileStore { Profiles = [Key("anthropic:own", "own")] }.Over(Main);
        Assert.Equal(["anthropic:a", "anthropic:b", "anthropic:own"], seen.Profiles.Select(profile => profile.Id));
        Assert.Equal(Cooling, seen.HealthOf("anthropic:a"));
        Assert.Equal(ProfileHealth.Unknown, seen.HealthOf("anthropic:login"));
    }

    [Fact]
    public void Own_profile_wins_over_a_shared_one_of_the_same_id()
    {
        var own = new ProfileStore { Profiles = [Key("anthropic:a", "own-a")] };
        var seen = own.Over(Main);
        Assert.Equal(["anthropic:b", "anthropic:a"], seen.Profiles.Select(profile => profile.Id));
        Assert.Equal(Key("anthropic:a", "own-a"), seen.Find("anthropic:a"));
        Assert.Equal(ProfileHealth.Unknown, seen.HealthOf("anthropic:a"));
    }

    [Fact]
    public void Shared_key_has_the_health_of_its_owner()
    {
        var copied = new ProfileStore { Health = ImmutableDictionary<string, ProfileHealth>.Empty.Add("anthropic:b", Cooling) };
        Assert.Equal(ProfileHealth.Unknown, copied.Over(Main).HealthOf("anthropic:b"));
    }

    [Fact]
    public void Order_of_main_holds_unless_the_agent_has_its_own()
    {
        Assert.Equal<string>(["anthropic:b"], ProfileStore.Empty.Over(Main).Order["anthropic"]);
        var withProfile = new ProfileStore { Profiles = [Key("own", "own")] };
        Assert.Equal<string>(["anthropic:b"], withProfile.Over(Main).Order["anthropic"]);
        var withOrder = new ProfileStore { Order = Orders(("Anthropic", ["anthropic:a"])) };
        Assert.Equal(["Anthropic"], withOrder.Over(Main).Order.Keys);
    }

    [Fact]
    public void Order_of_main_names_what_the_agent_sees()
    {
        var main = Main with
        {
            Order = Orders(("anthropic", ["anthropic:login", "anthropic:own", "anthropic:gone", "anthropic:b"])),
        };
        var own = new ProfileStore { Profiles = [Key("anthropic:own", "own")] };
        Assert.Equal<string>(["anthropic:own", "anthropic:b"], own.Over(main).Order["anthropic"]);
        Assert.Equal<string>(["anthropic:b"], ProfileStore.Empty.Over(main).Order["anthropic"]);
    }

    [Fact]
    public void Order_of_main_that_names_only_its_subscriptions_does_not_hold()
    {
        var main = Main with { Order = Orders(("anthropic", ["anthropic:login"])) };
        Assert.Empty(new ProfileStore { Profiles = [Key("anthropic:own", "own")] }.Over(main).Order);
    }

    private static Profile Key(string id, string key) => new(id, new ApiKeyCredential("anthropic", new Secret(key)));

    private static ImmutableDictionary<string, ImmutableArray<string>> Orders(
        params (string Provider, ImmutableArray<string> Ids)[] orders) =>
        orders.ToImmutableDictionary(order => order.Provider, order => order.Ids);
}
