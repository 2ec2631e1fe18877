using System.Collections.Immutable;
using ClawGrpc.Core.StateFiles;
using static ClawGrpc.Core.Tests.StateFiles.StoreText;

namespace ClawGrpc.Core.Tests.StateFiles;

/// <summary>The exact text of a file after each change.</summary>
public class AuthProfilesFileChangeTests
{
    // Everything that a program may write, known or unknown, in unusual order.
    private const string Rich = """
        {
          "note": "mine",
          "usageStats": {
            "gone": {"lastUsed": 5},
            "anthropic:one": {"lastUsed": 7, "cooldownUntil": 9, "errorCount": 2, "failureCounts": {"auth": 2},
              "lastFailureAt": 8, "x": [1.0]},
            "odd": 3
          },
          "order": {"Anthropic": [" anthropic:one ", 3, "anthropic:two"], "openai": ["o"]},
          "profiles": {
            "anthropic:two": {"type": "token", "provider": "anthropic", "token": "t", "expires": 5, "extra": {"b": 1, "a": 2}},
            "anthropic:one": {"type": "api_key", "extra": null, "provider": "anthropic",
              "key": "k", "email": "a@b", "keyRef": {}},
            "bad": 1
          },
          "lastGood": {"anthropic": "anthropic:one", "openai": "o"},
          "version": "1"
        }
        """;

    [Fact]
    public void Health_of_profiles_that_are_gone_is_bounded()
    {
        var stats = string.Join(",", Enumerable.Range(0, 5000).Select(each => $"\"gone{each}\": {{\"lastUsed\": {each + 1}}}"));
        var file = Read($$"""
            {"profiles": {"a": {"type": "token", "provider": "p", "token": "t"} }, "usageStats": { {{stats}} } }
            """);
        var after = file.With(new SetHealth("a", new ProfileHealth { LastUsed = Ms(3) })).Store.Health;
        Assert.Equal(101, after.Count);
        Assert.Equal(Ms(3), after["a"].LastUsed);
        Assert.True(after.ContainsKey("gone4999"));
        Assert.False(after.ContainsKey("gone4000"));
    }

    [Fact]
    public void Routes_of_all_profiles_are_bounded()
    {
        var ids = Enumerable.Range(0, 200).Select(each => $"p{each}").ToList();
        var profiles = string.Join(",", ids.Select(id => $$"""  "{{id}}": {"type": "token", "provider": "p", "token": "t"}"""));
        var file = Read($$"""{"profiles": { {{profiles}} } }""").With(ids.Select((id, at) => new SetHealth(id, new ProfileHealth
        {
            Routes = Enumerable.Range(0, 100).ToImmutableSortedDictionary(
                model => $"anthropic/m{model}", model => new RouteHealth(Ms(1_000_000 + at), "rate_limit", 1, Ms(5))),
        })));
        Assert.Equal(10_000, file.Store.Health.Values.Sum(health => health.Routes.Count));
        Assert.Equal(100, file.Store.HealthOf("p199").Routes.Count);
        Assert.Empty(file.Store.HealthOf("p0").Routes);
    }

    [Fact]
    public void New_file_is_what_OpenClaw_would_write() => Assert.Equal(
        """
        {
          "version": 1,
          "profiles": {
            "anthropic:default": {
              "type": "api_key",
              "provider": "anthropic",
              "key": "sk-ant-api03-FAKE-KEY-ONE-00000000000000000001"
            },
            "anthropic:manual": {
              "type": "token",
              "provider": "anthropic",
              "token": "t",
              "expires": 1770552000000
            },
            "anthropic:claude-cli": {
              "type": "oauth",
              "provider": "anthropic",
              "access": "a",
              "refresh": "r",
              "expires": 1770552000001,
              "email": "a@b"
            }
          }
        }

        """,
        AuthProfilesFile.Empty.With(
            new PutProfile("anthropic:default", ApiKey()),
            new PutProfile("anthropic:manual", new TokenCredential("anthropic", Secret("t"), Ms(1770552000000))),
            new PutProfile("anthropic:claude-cli", new OAuthCredential(
                "anthropic", Secret("a"), Secret("r"), Ms(1770552000000).AddTicks(1), "a@b"))).ToText());

    [Fact]
    public void Without_a_change_only_the_layout_becomes_OpenClaws() => Assert.Equal(
        """
        {
          "version": 1,
          "profiles": {
            "anthropic:two": {
              "type": "token",
              "provider": "anthropic",
              "token": "t",
              "expires": 5,
              "extra": {
                "b": 1,
                "a": 2
              }
            },
            "anthropic:one": {
              "type": "api_key",
              "extra": null,
              "provider": "anthropic",
              "key": "k",
              "email": "a@b",
              "keyRef": {}
            },
            "bad": 1
          },
          "order": {
            "Anthropic": [
              " anthropic:one ",
              3,
              "anthropic:two"
            ],
            "openai": [
              "o"
            ]
          },
          "lastGood": {
            "anthropic": "anthropic:one",
            "openai": "o"
          },
          "usageStats": {
            "gone": {
              "lastUsed": 5
            },
            "anthropic:one": {
              "lastUsed": 7,
              "cooldownUntil": 9,
              "errorCount": 2,
              "failureCounts": {
                "auth": 2
              },
              "lastFailureAt": 8,
              "x": [
                1
              ]
            },
            "odd": 3
          },
          "note": "mine"
        }

        """,
        After(Rich));

    [Fact]
    public void New_credential_keeps_foreign_members_and_resets_health()
    {
        var after = After(Rich, new PutProfile("anthropic:one", ApiKey("new")));
        string[] gone =
        [
            "\"email\": \"a@b\",", "\"keyRef\": {}", "\"cooldownUntil\": 9,", "\"errorCount\": 2,", "\"failureCounts\": {",
            "\"auth\": 2", "\"lastFailureAt\": 8,",
        ];
        Assert.Equal(
            Lines(Read(Rich).ToText())
                .Except(gone)
                .Select(line => line.Replace("\"key\": \"k\",", "\"key\": \"new\"", StringComparison.Ordinal)),
            Lines(after).Except(["\"errorCount\": 0,"]));
        AssertSame(new ProfileHealth { LastUsed = Ms(7) }, Read(after).Store.HealthOf("anthropic:one"));
    }

    [Fact]
    public void Credential_of_another_type_replaces_the_whole_entry()
    {
        var after = After(Rich, new PutProfile("anthropic:two", ApiKey("new")));
        Assert.DoesNotContain("extra\": {", after, StringComparison.Ordinal);
        Assert.Equal(["anthropic:two", "anthropic:one"], Read(after).Store.Profiles.Select(profile => profile.Id));
        Assert.Equal(ApiKey("new"), Read(after).Store.Find("anthropic:two")!.Credential);
    }

    [Fact]
    public void Credential_without_a_secret_is_read()
    {
        var after = After("{}", new PutProfile("x", new OAuthCredential("p", null, null, null)));
        Assert.Contains("{\n      \"type\": \"oauth\",\n      \"provider\": \"p\"\n    }", after, StringComparison.Ordinal);
    }

    [Fact]
    public void Removing_a_profile_leaves_no_trace_of_it()
    {
        var after = After(Rich, new RemoveProfile("anthropic:one"));
        Assert.DoesNotContain("anthropic:one", after, StringComparison.Ordinal);
        Assert.Contains("\"Anthropic\": [\n      3,\n      \"anthropic:two\"\n    ]", after, StringComparison.Ordinal);
        Assert.Contains("\"lastGood\": {\n    \"openai\": \"o\"\n  }", after, StringComparison.Ordinal);
        Assert.DoesNotContain("Anthropic", After(after, new RemoveProfile("anthropic:two")), StringComparison.Ordinal);
    }

    [Fact]
    public void Removing_the_last_of_everything_leaves_the_empty_file()
    {
        var full = AuthProfilesFile.Empty.With(
            new PutProfile("a", ApiKey()), new SetOrder("anthropic", ["a"]), new SetLastGood("anthropic", "a"),
            new SetHealth("a", new ProfileHealth { LastUsed = Ms(1) }));
        Assert.Equal(AuthProfilesFile.Empty.ToText(), full.With(new RemoveProfile("a")).ToText());
    }

    [Fact]
    public void Changes_that_change_nothing_change_nothing()
    {
        var odd = Read(
            """{"order":3,"lastGood":{},"usageStats":{},"profiles":{"a":{"type":"token","provider":"p","token":"t"}}}""");
        var changes = new StoreChange[]
        {
            new RemoveProfile("none"), new ClearOrder("p"), new SetOrder("p", []), new SetHealth("a", ProfileHealth.Unknown),
        };
        Assert.Equal(odd.ToText(), odd.With(changes).ToText());
        Assert.Equal(odd.ToText(), odd.With().ToText());
    }

    [Theory]
    [InlineData("anthropic")]
    [InlineData(" ANTHROPIC ")]
    public void Order_replaces_the_stored_one_under_any_provider_spelling(string provider)
    {
        var after = After(Rich, new SetOrder(provider, [" b ", "", "a", "b"]));
        Assert.Contains("\"order\": {\n    \"Anthropic\": [\n      \"b\",\n      \"a\"\n    ],\n    \"openai\": [", after,
            StringComparison.Ordinal);
        Assert.DoesNotContain("Anthropic", After(Rich, new ClearOrder(provider)), StringComparison.Ordinal);
    }

    [Fact]
    public void Orders_of_one_provider_are_merged()
    {
        var after = Read(After("""{"order":{"Z.AI":["a"],"x":["b"],"zai":["c"]}}""", new SetOrder("z-ai", ["d"])));
        Assert.Equal(["Z.AI", "x"], after.Store.Order.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["d"], after.Store.Order["Z.AI"].AsEnumerable());
    }

    [Fact]
    public void Emptied_order_is_removed_and_new_one_precedes_lastGood()
    {
        Assert.DoesNotContain("order", After("""{"order":{"p":["a"]}}""", new ClearOrder("p")), StringComparison.Ordinal);
        var after = After("""{"lastGood":{"p":"a"}}""", new SetOrder("P", ["a"]));
        Assert.Contains("\"order\": {\n    \"p\": [\n      \"a\"\n    ]\n  },\n  \"lastGood\"", after, StringComparison.Ordinal);
    }

    [Fact]
    public void Changes_apply_one_after_the_other()
    {
        var after = Read(Rich).With(
            new RemoveProfile(
                "anthropic:one"), new PutProfile("anthropic:one", ApiKey("k2")), new SetLastGood("anthropic", "anthropic:one"));
        Assert.Equal(["anthropic:two", "anthropic:one"], after.Store.Profiles.Select(profile => profile.Id));
        Assert.Equal("anthropic:one", after.Store.LastGood["anthropic"]);
        Assert.Empty(after.Store.Find("anthropic:one")!.Credential.Email ?? "");
    }

    [Fact]
    public void File_object_is_immutable()
    {
        var file = Read(Rich);
        var before = file.ToText();
        _ = file.With(new RemoveProfile("anthropic:one"), new SetOrder("openai", ImmutableArray.Create("x")));
        Assert.Equal(before, file.ToText());
    }

    private static IEnumerable<string> Lines(string text) =>
        text.Split('\n').Select(line => line.Trim()).Where(line => line is not ("}" or "}," or ""));
}
