using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Sealing;

/// <summary>Secrets are sealed, unsealed and sealed with another key, and serve all the while.</summary>
public sealed class SealTests : IDisposable
{
    private readonly SealKeys _keys = new();

    public void Dispose() => _keys.Dispose();

    [Fact]
    public async Task New_secrets_are_sealed_and_serve_after_a_restart()
    {
        await using var fixture = await ServerFixture.StartAsync(_keys.Section);
        await fixture.OnboardAsync();
        await fixture.OnboardTokenAsync(Two);
        Assert.Empty(fixture.Files.Holding(KeyOne, Token));
        Assert.Equal($"{One} served", (await fixture.StreamAsync(Strict(One))).Attempts);
        await fixture.RestartServerAsync();
        Assert.Equal($"{One} served", (await fixture.StreamAsync(Strict(One))).Attempts);
        Assert.Equal($"{Two} served", (await fixture.StreamAsync(Strict(Two))).Attempts);
        Assert.Equal([KeyOne, Token], fixture.Sandbox.Requests.Select(request => request.Credential).Distinct().Order());
        Assert.Empty(fixture.Files.Holding(KeyOne, Token));
        var labels = (await fixture.StatusAsync()).Auth.Providers.SelectMany(provider => provider.Labels);
        Assert.Contains($"{One}=sk-ant-a...00000001", labels);
    }

    [Fact]
    public async Task Plain_secrets_are_sealed_on_demand_and_unsealed_again()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await fixture.OnboardAsync(Two, KeyTwo, "main");
        var before = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        await fixture.RestartWithAsync(_keys.Section);

        // What is stored stays as it is until somebody asks, or until it is written.
        Assert.Equal((0, 2), Counts(await StatusAsync(fixture)));
        await fixture.OnboardAsync(Two, KeyTwo);
        Assert.Equal((1, 1), Counts(await StatusAsync(fixture)));

        var response = await fixture.Auth.SealSecretsAsync(new SealSecretsRequest());
        Assert.Equal((1, 2), (response.ChangedCount, response.Sealing.Agents.Single().SealedCount));
        Assert.Empty(fixture.Files.Holding(KeyOne, KeyTwo));
        Assert.Equal(0, (await fixture.Auth.SealSecretsAsync(new SealSecretsRequest { AgentId = "main" })).ChangedCount);
        Assert.Equal($"{One} served", (await fixture.StreamAsync(Strict(One))).Attempts);

        await fixture.StopServerAsync();
        await fixture.StartServerAsync();
        var unsealed = await fixture.Auth.UnsealSecretsAsync(new UnsealSecretsRequest());
        Assert.Equal((2, 0), (unsealed.ChangedCount, unsealed.Sealing.Agents.Single().SealedCount));
        Assert.Equal(Profiles(before), Profiles(await File.ReadAllTextAsync(fixture.Files.ProfilesPath())));
        Assert.Equal($"{Two} served", (await fixture.StreamAsync(Strict(Two))).Attempts);
    }

    [Fact]
    public async Task Seal_without_a_key_says_how_to_configure_one()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var before = fixture.Files.Snapshot();
        var failure = await CallFailure.OfAsync(async () => await fixture.Auth.SealSecretsAsync(new SealSecretsRequest()));
        Assert.Equal("SEALING_KEY_UNAVAILABLE", failure.Reason);
        Assert.Contains("clawgrpc.seal.keyFile", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, fixture.Files.Snapshot());
    }

    [Fact]
    public async Task Rotation_wraps_every_secret_with_the_new_key()
    {
        await using var fixture = await ServerFixture.StartAsync(_keys.Section);
        await fixture.OnboardAsync();
        await fixture.OnboardAsync(Two, KeyTwo);
        var old = (await StatusAsync(fixture)).ActiveKeyId;

        // Added, and not yet active.
        await fixture.RestartWithAsync(_keys.Both);
        var added = await StatusAsync(fixture);
        Assert.Equal((old, 2), (added.ActiveKeyId, added.Keys.Count));
        var text = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        var rotated = await fixture.Auth.RotateSealingKeyAsync(new RotateSealingKeyRequest());
        Assert.Equal(2, rotated.ChangedCount);
        Assert.Equal(added.Keys[1].KeyId, rotated.Sealing.ActiveKeyId);
        Assert.Equal([0, 2], rotated.Sealing.Keys.Select(key => key.SealedCount));
        Assert.NotEqual(text, await File.ReadAllTextAsync(fixture.Files.ProfilesPath()));

        // A repeat does not go back to the old key.
        var failure = await CallFailure.OfAsync(
            async () => await fixture.Auth.RotateSealingKeyAsync(new RotateSealingKeyRequest()));
        Assert.Equal("SEALING_KEY_UNAVAILABLE", failure.Reason);

        await fixture.RestartWithAsync(_keys.Next);
        Assert.Equal($"{One} served", (await fixture.StreamAsync(Strict(One))).Attempts);
        Assert.Equal($"{Two} served", (await fixture.StreamAsync(Strict(Two))).Attempts);
    }

    [Fact]
    public async Task Rotation_that_was_interrupted_is_finished_by_the_next()
    {
        await using var fixture = await ServerFixture.StartAsync(_keys.Section);
        await fixture.OnboardAsync();
        await fixture.RestartWithAsync(_keys.Both);
        var half = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        var next = (await fixture.Auth.RotateSealingKeyAsync(new RotateSealingKeyRequest())).Sealing.ActiveKeyId;

        // As a crash right after the choice leaves it.
        await fixture.StopServerAsync();
        await File.WriteAllTextAsync(fixture.Files.ProfilesPath(), half);
        await fixture.StartServerAsync();
        Assert.Equal([1, 0], (await StatusAsync(fixture)).Keys.Select(key => key.SealedCount));
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        var finished = await fixture.Auth.RotateSealingKeyAsync(new RotateSealingKeyRequest());
        Assert.Equal((next, 1), (finished.Sealing.ActiveKeyId, finished.ChangedCount));
        Assert.Equal([0, 1], finished.Sealing.Keys.Select(key => key.SealedCount));
    }

    [Fact]
    public async Task Passphrase_seals_and_opens_with_the_parameters_in_the_file()
    {
        SealKeys.Write(_keys.Passphrase, "correct horse battery staple\n");
        var section = SealKeys.Of($"passphraseFile: '{_keys.Passphrase}'");
        await using var fixture = await ServerFixture.StartAsync(section);
        await fixture.OnboardAsync();
        Assert.StartsWith("pbkdf2-sha256:600000:", (await StatusAsync(fixture)).ActiveKeyId, StringComparison.Ordinal);

        // What else is kept is not needed.
        await fixture.StopServerAsync();
        File.Delete(fixture.Files["clawgrpc-seal.json"]);
        await fixture.StartServerAsync();
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);

        SealKeys.Write(_keys.Passphrase, "incorrect horse battery staple\n");
        await fixture.RestartServerAsync();
        var unopened = (await StatusAsync(fixture)).Agents.Single().UnopenedProfiles.Single();
        Assert.Equal((One, "the passphrase is not the one that it was sealed with"), (unopened.ProfileId, unopened.Reason));
    }

    [Fact]
    public async Task Seals_and_unseals_between_writers_lose_nothing()
    {
        await using var fixture = await ServerFixture.StartAsync(_keys.Both);
        await fixture.OnboardAsync();
        using var done = new CancellationTokenSource();
        var turns = Task.Run(async () =>
        {
            for (var turn = 0; !done.IsCancellationRequested; turn++)
            {
                var keys = (await StatusAsync(fixture)).Keys;
                await fixture.Auth.RotateSealingKeyAsync(new RotateSealingKeyRequest { KeyId = keys[turn % 2].KeyId });
                await fixture.Auth.UnsealSecretsAsync(new UnsealSecretsRequest());
                await fixture.Auth.SealSecretsAsync(new SealSecretsRequest());
            }
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async caller =>
        {
            for (var number = 0; number < 10; number++)
                await fixture.OnboardAsync($"anthropic:{caller}-{number}", $"sk-ant-api03-FAKE-{caller}-{number}-000000000000");
        }));
        await done.CancelAsync();
        await turns;
        await fixture.RestartServerAsync();
        Assert.Equal((41, 0), Counts(await StatusAsync(fixture)));
        Assert.Empty((await StatusAsync(fixture)).Agents.Single().UnopenedProfiles);
        await fixture.Auth.UnsealSecretsAsync(new UnsealSecretsRequest());
        var text = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        for (var each = 0; each < 40; each++)
            Assert.Contains($"sk-ant-api03-FAKE-{each / 10}-{each % 10}-000000000000", text, StringComparison.Ordinal);
    }

    private static CompletionInput Strict(string profile) =>
        Prompts.Input(with: input => input.Model = $"claude-opus-4-6@{profile}");

    private static async Task<V1.Sealing> StatusAsync(ServerFixture fixture) =>
        (await fixture.Auth.GetSealingAsync(new GetSealingRequest())).Sealing;

    private static (int Sealed, int Plain) Counts(V1.Sealing sealing) =>
        (sealing.Agents.Single().SealedCount, sealing.Agents.Single().PlainCount);

    private static string Profiles(string text) =>
        System.Text.Json.JsonDocument.Parse(text).RootElement.GetProperty("profiles").ToString();
}
