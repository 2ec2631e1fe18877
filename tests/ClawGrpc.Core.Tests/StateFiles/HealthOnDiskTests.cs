using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ClawGrpc.Core.StateFiles;
using CsCheck;
using static ClawGrpc.Core.Tests.StateFiles.StoreText;
using JsonObject = System.Text.Json.Nodes.JsonObject;

namespace ClawGrpc.Core.Tests.StateFiles;

/// <summary>
/// Health in <c>usageStats</c>: ours is read back unchanged, and changes by OpenClaw mean the same as to OpenClaw.
/// </summary>
public class HealthOnDiskTests
{
    private const string Id = "anthropic:one";
    private static readonly string[] Models = ["anthropic/claude-opus-4-6", "anthropic/claude-sonnet-4-5", "a/b/c"];

    // Few values, so that equal times and empty members come often.
    private static readonly Gen<DateTimeOffset?> Times = Gen.Int[-2, 5]
        .Select(eighth => eighth > 0 ? Ms(8 * eighth) : (DateTimeOffset?)null);

    private static readonly Gen<string?> Reasons = Gen.OneOf<string?>(null, "rate_limit");

    private static readonly Gen<RouteHealth> RouteHealths = Gen.Select(
        Times, Reasons, Gen.Int[1, 3], Gen.Int[1, 39], (until, reason, count, failed) =>
            new RouteHealth(until, reason ?? "timeout", count, Ms(failed)));

    private static readonly Gen<ProfileHealth> Healths = Gen.Select(
        Times.Array[4],
        Reasons.Array[2],
        Gen.Int[0, 3],
        Gen.Select(Gen.OneOf("rate_limit", "billing", ""), Gen.Int[0, 2]).Array[0, 3],
        Gen.Select(Gen.OneOf(Models), RouteHealths).Array[0, 3],
        Gen.Int[0, 4],
        (times, reasons, errors, counts, routes, never) => new ProfileHealth
        {
            LastUsed = times[0],
            CooldownUntil = times[1],
            CooldownReason = reasons[0],
            DisabledUntil = never == 0 ? ProfileHealth.Never : times[2],
            DisabledReason = reasons[1],
            ErrorCount = errors,
            FailureCounts = Counts([.. counts.DistinctBy(count => count.Item1)]),
            LastFailureAt = times[3],
            Routes = ProfileHealth.Unknown.Routes.SetItems(routes.Select(route => KeyValuePair.Create(route.Item1, route.Item2))),
        });

    [Fact]
    public void OpenClaws_own_entry_is_read_and_written_back_as_it_was()
    {
        const string entry = """
            {
              "version": 1,
              "profiles": {},
              "usageStats": {
                "anthropic:one": {
                  "errorCount": 2,
                  "failureCounts": {
                    "rate_limit": 2
                  },
                  "lastFailureAt": 1770552025192,
                  "cooldownUntil": 1770552325192
                },
                "anthropic:two": {
                  "lastUsed": 1770552025224,
                  "errorCount": 0
                }
              }
            }

            """;
        var file = Read(entry);
        var health = file.Store.HealthOf(Id);
        AssertSame(
            new ProfileHealth
            {
                ErrorCount = 2,
                FailureCounts = Counts(("rate_limit", 2)),
                LastFailureAt = Ms(1770552025192),
                CooldownUntil = Ms(1770552325192),
            },
            health);
        var changes = new[] { new SetHealth(Id, health), new SetHealth("anthropic:two", file.Store.HealthOf("anthropic:two")) };
        Assert.Equal(entry, file.With(changes).ToText());
        Assert.Equal(entry, AuthProfilesFile.Empty.With(changes).ToText());
    }

    [Theory]
    [InlineData("""{"lastUsed":"x","cooldownUntil":0,"disabledUntil":-5,"errorCount":-1,"failureCounts":[],"lastFailureAt":null"""
        + ""","routes":7}""")]
    [InlineData("""{"cooldownUntil":1e999,"cooldownReason":3,"disabledReason":{},"errorCount":"2","failureCounts":{"a":"b"}}""")]
    [InlineData("""{"routes":{"m":3,"n":{"reason":"x"},"o":{"lastFailureAt":5},"p":{"reason":"x","lastFailureAt":"y"}}}""")]
    public void Invalid_health_is_ignored(string entry) =>
        AssertSame(ProfileHealth.Unknown, Read("{\"usageStats\":{\"anthropic:one\":" + entry + "}}").Store.HealthOf(Id));

    [Fact]
    public void Ends_are_rounded_up_to_whole_milliseconds()
    {
        const string text =
            """{"usageStats":{"anthropic:one":{"cooldownUntil":10.5,"lastUsed":10.5,"errorCount":2.9,"disabledUntil":1e300}}}""";
        AssertSame(
            new ProfileHealth { CooldownUntil = Ms(11), LastUsed = Ms(10), ErrorCount = 2, DisabledUntil = ProfileHealth.Never },
            Read(text).Store.HealthOf(Id));
        var exact = new ProfileHealth
        {
            CooldownUntil = Ms(
            10).AddTicks(1),
            LastUsed = Ms(10).AddTicks(1),
            DisabledUntil = DateTimeOffset.MaxValue
        };
        AssertSame(new ProfileHealth { CooldownUntil = Ms(11), LastUsed = Ms(10), DisabledUntil = ProfileHealth.Never },
            Rewritten(exact));
    }

    [Fact]
    public void Top_level_cooldown_is_the_latest_of_all()
    {
        Assert.Equal(20, Top(new ProfileHealth { Routes = Routes((Models[0], 10), (Models[1], 20)) }));
        Assert.Equal(30, Top(new ProfileHealth { CooldownUntil = Ms(30), Routes = Routes((Models[0], 10)) }));
        Assert.Equal(10, Top(new ProfileHealth { CooldownUntil = Ms(5), Routes = Routes((Models[0], 10)) }));
        Assert.Null(Top(new ProfileHealth { Routes = Routes((Models[0], null)) }));

        static long? Top(ProfileHealth health) =>
            (long?)JsonNode.Parse(After("{}", new SetHealth(Id, health)))!["usageStats"]![Id]!["cooldownUntil"];
    }

    [Fact]
    public void Health_that_is_written_is_read_again() => Gen.Select(Healths, Healths).Sample(
        (before, health) =>
        {
            var file = AuthProfilesFile.Empty.With(new SetHealth(Id, before), new SetHealth(Id, health));
            AssertSame(health, file.Store.HealthOf(Id));
            AssertSame(health, Read(file.ToText()).Store.HealthOf(Id));
        },
        iter: 4_000);

    [Fact]
    public void Success_seen_by_OpenClaw_ends_earlier_failures() => Gen.Select(Healths, Gen.Int[1, 39]).Sample(
        (before, time) =>
        {
            var served = Ms(time);
            var after = Read(Foreign(before, stats =>
            {
                stats["lastUsed"] = served.ToUnixTimeMilliseconds();
                stats["errorCount"] = 0;
                foreach (var name in new[] { "cooldownUntil", "disabledUntil", "disabledReason", "failureCounts" })
                    stats.Remove(name);
            })).Store.HealthOf(Id);

            var ended = before.Routes.Values.All(route => route.CooldownUntil is null)
                ? []
                : before.Routes.Where(route => route.Value.LastFailureAt <= served).Select(route => route.Key);
            AssertSame(
                before with
                {
                    LastUsed = served,
                    ErrorCount = 0,
                    FailureCounts = ProfileHealth.Unknown.FailureCounts,
                    CooldownUntil = null,
                    DisabledUntil = null,
                    DisabledReason = null,
                    Routes = before.Routes.RemoveRange(ended),
                },
                after);
        },
        iter: 2_000);

    [Fact]
    public void Cooldown_set_by_another_program_is_the_whole_profiles() => Gen.Select(Healths, Gen.Int[50, 89]).Sample(
        (before, until) =>
        {
            var after = Read(Foreign(before, stats => stats["cooldownUntil"] = until)).Store.HealthOf(Id);
            AssertSame(before with { CooldownUntil = Ms(until) }, after);
        },
        iter: 2_000);

    [Fact]
    public void Members_of_others_stay_beside_ours()
    {
        var text = After(
            """{"usageStats":{"anthropic:one":{"blockedUntil":5,"routes":{"a/b/c":{"lastFailureAt":3,"reason":"x","y":1}},"z":"""
                + """{}}}}""",
            new SetHealth(Id, new ProfileHealth { LastUsed = Ms(4), Routes = Routes(("a/b/c", 9)) }));
        Assert.Equal(
            """{"blockedUntil":5,"routes":{"a/b/c":{"lastFailureAt":5,"reason":"rate_limit","y":1,"cooldownUntil":9"""
                + ""","errorCount":1}}"""
                + ""","z":{},"lastUsed":4,"errorCount":0,"cooldownUntil":9}""",
            JsonNode.Parse(text)!["usageStats"]![Id]!.ToJsonString());
        Assert.Equal(
            """{"blockedUntil":5,"z":{}}""",
            JsonNode.Parse(After(text, new SetHealth(Id, ProfileHealth.Unknown)))!["usageStats"]![Id]!.ToJsonString());
    }

    private static ProfileHealth Rewritten(ProfileHealth health) =>
        Read(After("{}", new SetHealth(Id, health))).Store.HealthOf(Id);

    private static string Foreign(ProfileHealth health, Action<JsonObject> change)
    {
        var root = JsonNode.Parse(After("{}", new SetHealth(Id, health)))!.AsObject();
        var stats = (root["usageStats"] ??= new JsonObject()).AsObject();
        change((stats[Id] ??= new JsonObject()).AsObject());
        return root.ToJsonString();
    }

    private static ImmutableSortedDictionary<string, int> Counts(params (string Reason, int Count)[] counts) =>
        counts.ToImmutableSortedDictionary(count => count.Reason, count => count.Count, StringComparer.Ordinal);

    private static ImmutableSortedDictionary<string, RouteHealth> Routes(
        params (string Model, int? Until)[] routes) => routes.ToImmutableSortedDictionary(
        route =>
            route.Model, route =>
                new RouteHealth(route.Until is { } until ? Ms(until) : null, "rate_limit", 1, Ms(5)), StringComparer.Ordinal);
}
