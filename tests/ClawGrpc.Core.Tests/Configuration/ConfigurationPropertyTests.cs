using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.Tests.Json5;
using ClawGrpc.Json5;
using CsCheck;

namespace ClawGrpc.Core.Tests.Configuration;

/// <summary>Properties of every configuration, checked on a thousand spoiled ones.</summary>
public class ConfigurationPropertyTests
{
    private const string Whole = """
        { env: { A: 'a', vars: { B: '${A}' }, shellEnv: { enabled: true } },
          auth: { profiles: { 'anthropic:a': { provider: 'anthropic', mode: 'api_key', email: 'a@b' } },
            order: { anthropic: ['anthropic:a'] },
            cooldowns: { preset: 'openclaw-2026.9', billingBackoffHours: 5, billingBackoffHoursByProvider: { anthropic: 1 },
              failureWindowHours: 24 },
            inheritFromMain: false },
          models: { mode: 'merge', providers: { anthropic: { baseUrl: 'http://x', apiKey: '${A}', headers: { a: 'b' },
            models: [{ id: 'a', name: 'b' }] } } },
          agents: { defaults: { model: { primary: 'opus', fallbacks: ['x/y'] }, imageModel: 'x/y',
              models: { 'anthropic/claude-opus-4-6': { alias: 'opus',
                params: { cacheRetention: 'long', temperature: 1, maxTokens: 5, anthropicBeta: ['a'] } } } },
            list: [{ id: 'main', model: 'opus', params: { cacheControlTtl: '5m' } }] },
          clawgrpc: { extendedCacheTtlBeta: 'always', subscriptions: { enabled: true }, timeouts: { idleSeconds: 5 },
            limits: { attempts: 3 } },
          channels: { any: [1, 2] } }
        """;

    private static readonly List<Json5Step[]> Paths = [.. PathsOf(Json5Document.Parse(Whole).Root, [])];

    // Prefers cases whose length differs least from the whole configuration.
    private static readonly Gen<Json5Document> Spoiled =
        Draws.Of(static random => Spoil(
            new DocumentGenerator(random)), static document => Math.Abs(document.Text.Length - Whole.Length));

    [Fact]
    public void Every_configuration_is_accepted_or_refused_with_places() => ForEach(document =>
    {
        var outcome = Folder.With(document.Text).Read();
        if (outcome is not ConfigurationOutcome.Rejected { Errors: var errors })
            return;
        var lines = document.Text.Count(character => character == '\n') + 1;
        Assert.NotEmpty(errors);
        Assert.All(errors, error => Assert.InRange(error.Line, 1, lines));
        Assert.All(errors, error => Assert.Equal(Folder.Path, error.File));
        Assert.All(errors, error => Assert.True(error.Column >= 1 && error.Reason.Length > 0 && error.KeyPath.Length > 0));
    });

    [Fact]
    public void Edit_of_an_accepted_configuration_is_accepted() => ForEach(document =>
    {
        if (Folder.With(document.Text).Read() is not ConfigurationOutcome.Accepted { Configuration: { FileExists: true } before })
            return;
        var profile = new DeclaredProfile("anthropic:new", "anthropic", "token", "me@example.com");
        var aliases = ModelAliases.Of(before.Agents.Models, ModelAliases.OpenClaw20262);
        var text = ProfileEdits.Apply(document.Text, profile);
        text = ModelEdits.SetDefault(text, "anthropic/claude-haiku-4-5", aliases).Text;
        text = ModelEdits.AddFallback(text, "anthropic/claude-sonnet-4-5", aliases).Text;

        var after = Folder.Accept(text);
        Assert.Contains(profile, after.Auth.Profiles);
        Assert.True(!before.Auth.Order.TryGetValue("anthropic", out _) || after.Auth.Order["anthropic"][0] == profile.Id);
        Assert.Equal("anthropic/claude-haiku-4-5", after.Agents.Model.Primary);
        Assert.Equal("anthropic/claude-sonnet-4-5", after.Agents.Model.Fallbacks!.Value[^1]);

        var removed = Folder.Accept(ProfileEdits.Remove(text, profile.Id));
        Assert.Equal<DeclaredProfile>(before.Auth.Profiles, removed.Auth.Profiles);
        Assert.DoesNotContain(removed.Auth.Order.Values, ids => ids.Contains(profile.Id));
    });

    private static void ForEach(Action<Json5Document> property) =>
        Spoiled.Sample(property, iter: 1_000, print: document => document.Text);

    // Replaces or removes up to two values of the whole configuration, or adds unknown ones.
    private static Json5Document Spoil(DocumentGenerator generator)
    {
        var document = Json5Document.Parse(Whole);
        for (var spoils = generator.Below(3); spoils > 0; spoils--)
        {
            var path = generator.Pick(Paths);
            document = document.Find(path) is not { } value ? document
                : generator.Below(3) switch
                {
                    0 => document.SetValue(path, generator.Value(2)),
                    1 => document.Remove(path),
                    _ => value is Json5Object ? document.SetValue([.. path, generator.Key()], generator.Value(3)) : document,
                };
        }

        return document;
    }

    private static IEnumerable<Json5Step[]> PathsOf(Json5Value value, Json5Step[] path) => value switch
    {
        Json5Object { Members: var members } =>
            members.SelectMany(member => PathsOf(member.Value, [.. path, member.Key]).Prepend([.. path, member.Key])),
        Json5Array items => items.Items.SelectMany((item, index) => PathsOf(item, [.. path, index]).Prepend([.. path, index])),
        _ => [],
    };
}
