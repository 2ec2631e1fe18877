using System.Collections.Concurrent;
using System.Security.Cryptography;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary><c>kill -9</c> of a server that seals secrets and changes the key while callers store more.</summary>
public class SealCrashTests
{
    private static readonly int Crashes = Runs.Of(few: 3, full: 50);

    [Fact]
    public async Task Acknowledged_secrets_open_after_any_death_of_the_server()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var keys = new[] { "old", "new" }.Select(name => Path.Join(fixture.Path, name)).ToArray();
        foreach (var key in keys)
        {
            await File.WriteAllTextAsync(key, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
            File.SetUnixFileMode(key, UnixFileMode.UserRead);
        }

        await fixture.ConfigureAsync($$"""
            {
              models: { providers: { anthropic: { baseUrl: '{{fixture.Sandbox.BaseUrl}}', models: [] } } },
              clawgrpc: { seal: { keyFile: '{{keys[0]}}', otherKeys: [{ keyFile: '{{keys[1]}}' }] } },
            }
            """);
        var acknowledged = new ConcurrentDictionary<string, string>();
        var random = new Random(20261126);
        for (var crash = 0; crash < Crashes; crash++)
        {
            var server = await fixture.ServeAsync();
            using (var channel = fixture.Connect())
                await StoreUntilKilledAsync(server, channel, acknowledged, crash, killAfter: random.Next(2, 16));
            Assert.Equal(128 + RunningProgram.SigKill, await server.ExitAsync());
        }

        await fixture.ServeAsync();
        using var last = fixture.Connect();
        var auth = new AuthService.AuthServiceClient(last);
        await auth.SealSecretsAsync(new SealSecretsRequest());
        Assert.All(acknowledged.Values, key => Assert.DoesNotContain(key, fixture.Snapshot(), StringComparison.Ordinal));
        var unsealed = await auth.UnsealSecretsAsync(new UnsealSecretsRequest());
        Assert.All(unsealed.Sealing.Agents, agent => Assert.Empty(agent.UnopenedProfiles));
        var stored = await File.ReadAllTextAsync(fixture.ProfilesPath);
        Assert.True(acknowledged.Count >= Crashes, $"{acknowledged.Count} were acknowledged.");
        Assert.All(acknowledged.Values, key => Assert.Contains(key, stored, StringComparison.Ordinal));
    }

    // Two callers store, one changes how, and the call whose answer makes the number full pulls the plug.
    private static async Task StoreUntilKilledAsync(
        RunningProgram server, GrpcChannel channel, ConcurrentDictionary<string, string> acknowledged, int crash, int killAfter)
    {
        var answers = 0;
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async caller =>
        {
            try
            {
                for (var number = 0; ; number++)
                {
                    if (caller == 2)
                    {
                        await ChangeAsync(new AuthService.AuthServiceClient(channel), number);
                    }
                    else
                    {
                        var (profile, key) =
                            ($"anthropic:{crash}-{caller}-{number}", $"sk-ant-api03-FAKE-{crash}-{caller}-{number}-00");
                        await ProcessFixture.OnboardAsync(channel, profile, key);
                        acknowledged[profile] = key;
                    }

                    if (Interlocked.Increment(ref answers) == killAfter)
                        server.Signal(RunningProgram.SigKill);
                }
            }
            catch (RpcException exception) when (
                exception.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled)
            {
                // The server died in the middle of it.
            }
        }));
    }

    private static async Task ChangeAsync(AuthService.AuthServiceClient auth, int number)
    {
        switch (number % 3)
        {
            case 0:
                var keys = (await auth.GetSealingAsync(new GetSealingRequest())).Sealing.Keys;
                await auth.RotateSealingKeyAsync(new RotateSealingKeyRequest { KeyId = keys[number / 3 % 2].KeyId });
                break;
            case 1:
                await auth.UnsealSecretsAsync(new UnsealSecretsRequest());
                break;
            default:
                await auth.SealSecretsAsync(new SealSecretsRequest());
                break;
        }
    }
}
