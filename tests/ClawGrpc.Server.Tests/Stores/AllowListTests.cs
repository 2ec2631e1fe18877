using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>The allow-list of models: what begins it, what edits it, and what a name of a model means.</summary>
public class AllowListTests
{
    private const string Opus = "anthropic/claude-opus-4-6";
    private const string Haiku = "anthropic/claude-haiku-4-5";

    [Fact]
    public async Task First_listed_model_begins_the_list_and_the_last_one_ends_it()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var set = await fixture.Models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = Opus });
        Assert.Equal([Opus], set.NewAllowedModels);
        Assert.False(await IsAllowedAsync(fixture, "haiku"));

        var allowed = await fixture.Models.AllowModelsAsync(new AllowModelsRequest { Models = { "haiku", Opus } });
        Assert.Equal([Opus, Haiku], allowed.AllowedModels);
        Assert.Empty(allowed.NewAllowedModels);
        Assert.True(await IsAllowedAsync(fixture, "haiku"));

        var refused = await CallFailure.OfAsync(async () => await fixture.Models.DisallowModelsAsync(
            new DisallowModelsRequest { Models = { Opus } }));
        Assert.Equal((StatusCode.FailedPrecondition, "IN_USE"), (refused.Code, refused.Reason));

        await fixture.Models.AddModelAliasAsync(new AddModelAliasRequest { Alias = "quick", Model = Haiku });
        var left = await fixture.Models.DisallowModelsAsync(new DisallowModelsRequest { Models = { "quick" } });
        Assert.Equal([Opus], left.AllowedModels);
        Assert.Equal(["quick"], left.RemovedAliases);
        var none = await fixture.Models.DisallowModelsAsync(new DisallowModelsRequest { Models = { Opus } });
        Assert.Empty(none.AllowedModels);
        Assert.True(await IsAllowedAsync(fixture, "haiku"));
    }

    [Fact]
    public async Task Secret_is_no_model_and_no_alias_and_one_that_is_there_can_be_taken_away()
    {
        const string secret = "sk-ant-api03-FAKE-pasted-into-the-wrong-place-000000000000000000000000";
        await using var fixture = await ServerFixture.StartAsync(
            $$"""agents: { defaults: { models: { 'anthropic/{{secret}}': {}, '{{Opus}}': {}, '{{Haiku}}': {} } } }""");
        var models = fixture.Models;
        foreach (var call in new Func<Task>[]
        {
            async () => await models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = secret }),
            async () => await models.SetDefaultModelAsync(
                new SetDefaultModelRequest { Model = $"anthropic/{secret}", Image = true }),
            async () => await models.AddModelFallbackAsync(new AddModelFallbackRequest { Model = secret }),
            async () => await models.AddModelFallbackAsync(new AddModelFallbackRequest { Model = secret, Image = true }),
            async () => await models.AddModelAliasAsync(new AddModelAliasRequest { Alias = secret, Model = Haiku }),
            async () => await models.AddModelAliasAsync(new AddModelAliasRequest { Alias = "mine", Model = secret }),
            async () => await models.AllowModelsAsync(new AllowModelsRequest { Models = { secret } }),
        })
        {
            var refused = await CallFailure.OfAsync(call);
            Assert.Equal((StatusCode.InvalidArgument, "INVALID_FIELD"), (refused.Code, refused.Reason));
            Assert.DoesNotContain("FAKE-pasted", refused.Message, StringComparison.Ordinal);
        }

        var left = await models.DisallowModelsAsync(new DisallowModelsRequest { Models = { $"anthropic/{secret}" } });
        Assert.Equal([Opus, Haiku], left.AllowedModels);
    }

    [Fact]
    public async Task Known_models_are_not_asked_for_upstream()
    {
        await using var fixture = await ServerFixture.StartAsync("agents: { defaults: { models: { 'x/y': { alias: 'z' } } } }");
        foreach (var (name, key) in new[] { ("opus", Opus), ("opus-4.6", Opus), ("z", "x/y") })
        {
            var resolved = await fixture.Models.ResolveModelAsync(new ResolveModelRequest { Model = name });
            Assert.Equal((key, true, ""), (resolved.Model, resolved.Known, resolved.Problem));
        }
    }

    [Fact]
    public async Task Model_that_nothing_lists_is_not_known()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var unknown = await fixture.Models.ResolveModelAsync(new ResolveModelRequest { Model = "claude-opsu-4-6" });
        Assert.Equal(
            ("anthropic/claude-opsu-4-6", false,
                "Neither Anthropic nor the configuration lists anthropic/claude-opsu-4-6."),
            (unknown.Model, unknown.Known, unknown.Problem));
        var foreign = await fixture.Models.ResolveModelAsync(new ResolveModelRequest { Model = "openai/gpt-5.2" });
        Assert.Equal("openai/gpt-5.2 is a model of openai; ClawGrpc serves those of anthropic.", foreign.Problem);
    }

    [Fact]
    public async Task Missing_list_of_upstream_is_said()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var unknown = await fixture.Models.ResolveModelAsync(new ResolveModelRequest { Model = "claude-opsu-4-6" });
        Assert.StartsWith(
            "anthropic/claude-opsu-4-6 is not known, and Anthropic's list of models is missing: No API key found",
            unknown.Problem, StringComparison.Ordinal);
    }

    private static async Task<bool> IsAllowedAsync(ServerFixture fixture, string model) =>
        (await fixture.Models.ResolveModelAsync(new ResolveModelRequest { Model = model })).Allowed;
}
