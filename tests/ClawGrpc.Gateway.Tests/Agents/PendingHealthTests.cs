using ClawGrpc.Core;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Agents;

/// <summary>Health that cannot be stored for long: it takes little, and says the same as all that happened.</summary>
public class PendingHealthTests
{
    private static readonly HealthRules Rules = HealthRules.OpenClaw20261;
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] Profiles = ["anthropic:one", "anthropic:two", "other:three"];
    private static readonly string[] Models = ["anthropic/claude-opus-4-6", "anthropic/claude-sonnet-4-5"];
    private static readonly FailureKind[] Kinds =
    [
        FailureKind.RateLimited, FailureKind.PlanExhausted, FailureKind.TimedOut, FailureKind.Billing,
        FailureKind.CredentialRejected,
    ];

    [Fact]
    public void Successes_are_one_entry_of_each_profile_and_model()
    {
        var pending = PendingHealth.None;
        for (var call = 0; call < 10_000; call++)
        {
            var now = Noon.AddSeconds(call);
            pending = pending.With(Profiles[call % 3], new Served(Models[call / 3 % 2], now.AddSeconds(-1), now));
            if (call % 100 == 99)
                pending = PendingHealth.None.Then(pending).Then(PendingHealth.None);
        }

        Assert.Equal(6, pending.Count);
    }

    [Fact]
    public void Write_that_fails_again_and_again_keeps_few_entries()
    {
        var (inFlight, pending) = (PendingHealth.None, PendingHealth.None);
        for (var call = 0; call < 10_000; call++)
        {
            var now = Noon.AddSeconds(call);
            pending = pending.With(Profiles[call % 3], new Served(Models[0], now.AddSeconds(-1), now));
            (inFlight, pending) = (inFlight.Then(pending), PendingHealth.None);
        }

        Assert.Equal(3, inFlight.Count);
    }

    [Fact]
    public void Failures_of_a_profile_that_are_not_stored_for_days_have_an_end()
    {
        var pending = PendingHealth.None;
        for (var call = 0; call < PendingHealth.MostOfProfile * 3; call++)
        {
            pending = pending.With(Profiles[0], Fail(Models[0], FailureKind.RateLimited, Noon.AddMinutes(call)))
                .With(Profiles[1], new Served(Models[0], Noon, Noon.AddMinutes(call)));
        }

        Assert.Equal(PendingHealth.MostOfProfile + 1, pending.Count);
        Assert.Equal(PendingHealth.MostOfProfile, pending.Then(pending).Count - 1);
    }

    [Fact]
    public void What_is_merged_comes_to_the_same_store_as_all_that_happened()
    {
        for (var seed = 0; seed < Runs.Of(few: 2_000, full: 200_000); seed++)
        {
            var random = new Random(seed);
            var store = StoreOf(random);
            var happened = HappenedIn(random);
            var now = happened[^1].Change.Now.AddMinutes(random.Next(10));
            var expected = happened.Aggregate(store.Store, (all, each) => PendingHealth.Apply(
                each.Profile, each.Change with { Stored = now }, all, Rules));

            // Written in one go, or after writes that failed half-way.
            var (inFlight, pending) = (PendingHealth.None, PendingHealth.None);
            foreach (var (profile, change) in happened)
            {
                pending = pending.With(profile, change);
                if (random.Next(4) == 0)
                    (inFlight, pending) = (inFlight.Then(pending), PendingHealth.None);
            }

            var all = inFlight.Then(pending);
            Assert.True(all.Count <= happened.Count);
            Assert.Equal(TextOf(store, expected), TextOf(store, all.ApplyTo(store.Store, Rules, now)));
            Assert.Equal(TextOf(store, expected), TextOf(store, store.With(all.ChangesOf(store.Store, Rules, now)).Store));
        }
    }

    [Fact]
    public void What_is_stored_late_undoes_nothing_that_others_stored_meanwhile()
    {
        var (since, end) = (Noon.AddMinutes(4), Noon.AddHours(5));
        var others = new ProfileHealth
        {
            LastUsed = since,
            DisabledUntil = end,
            DisabledSetAt = since,
            DisabledReason = "billing",
            ErrorCount = 1,
            FailureCounts = ProfileHealth.Unknown.FailureCounts.SetItem("billing", 1),
            LastFailureAt = since,
        };
        var store = AuthProfilesFile.Empty.With(
            new PutProfile(Profiles[0], new ApiKeyCredential("anthropic", new Secret("sk-ant-api03-FAKE"))),
            new SetHealth(Profiles[0], others)).Store;
        var failed = Fail(Models[0], FailureKind.Billing, Noon) with { Known = DateTimeOffset.MinValue };
        var pending = PendingHealth.None.With(Profiles[0], new Served(Models[0], Noon.AddSeconds(-9), Noon.AddSeconds(-8)))
            .With(Profiles[0], failed);
        var after = pending.ApplyTo(store, Rules, Noon.AddMinutes(5)).HealthOf(Profiles[0]);
        Assert.Equal((since, end, 1), (after.LastUsed, after.DisabledUntil, after.ErrorCount));
    }

    private static Failed Fail(string model, FailureKind kind, DateTimeOffset now) =>
        new(model, now.AddSeconds(-1), now, new UpstreamFailure(kind, "It failed"));

    // Some have failed elsewhere: before all that happens, or in the midst of it.
    private static AuthProfilesFile StoreOf(Random random)
    {
        var file = AuthProfilesFile.Empty.With([.. Profiles.Select(id => new PutProfile(
            id, new ApiKeyCredential(id.Split(':')[0], new Secret("sk-ant-api03-FAKE"))))]);
        foreach (var id in Profiles.Where(_ => random.Next(2) == 0))
        {
            var failed = Fail(Models[random.Next(2)], Kinds[random.Next(Kinds.Length)], Noon.AddSeconds(random.Next(-60, 30)));
            file = file.With(new SetHealth(id, failed.Apply(ProfileHealth.Unknown, Rules)));
        }

        return file;
    }

    private static List<(string Profile, HealthChange Change)> HappenedIn(Random random)
    {
        var (now, all) = (Noon, new List<(string, HealthChange)>());
        for (var left = random.Next(1, 40); left > 0; left--)
        {
            now = now.AddMilliseconds(random.Next(0, 3_000));
            var (model, began) = (Models[random.Next(2)], now.AddMilliseconds(-random.Next(0, 10_000)));
            all.Add((Profiles[random.Next(3)], random.Next(4) == 0
                ? new Failed(model, began, now, FailureOf(random, now)) { Known = began.AddMilliseconds(random.Next(-5_000, 1)) }
                : new Served(model, began, now)));
        }

        return all;
    }

    private static UpstreamFailure FailureOf(Random random, DateTimeOffset now) =>
        new(Kinds[random.Next(Kinds.Length)], "It failed")
        {
            Until = random.Next(2) == 0 ? now.AddSeconds(random.Next(1, 100)) : null,
            SetsAside = random.Next(2) == 0 ? SetsAside.Route : SetsAside.Profile,
        };

    // As the file would say it.
    private static string TextOf(AuthProfilesFile file, ProfileStore store) => file.With(
    [
        .. Profiles.Where(store.Health.ContainsKey).Select(id => new SetHealth(id, store.HealthOf(id))),
        .. store.LastGood.OrderBy(each => each.Key).Select(each => new SetLastGood(each.Key, each.Value)),
    ]).ToText();
}
