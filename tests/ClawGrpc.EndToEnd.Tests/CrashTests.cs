using System.Collections.Concurrent;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary><c>kill -9</c>, at random moments.</summary>
public class CrashTests
{
    private static readonly int Crashes = Runs.Of(few: 3, full: 50);

    [Fact]
    public async Task Acknowledged_profiles_survive_any_death_of_the_server()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var acknowledged = new ConcurrentDictionary<string, string>();
        var random = new Random(20261120);
        for (var crash = 0; crash < Crashes; crash++)
        {
            // The socket and the locks of the killed server are still there and do not prevent a start.
            Assert.Equal(crash > 0, File.Exists(fixture.Socket));
            var server = await fixture.ServeAsync();
            using (var channel = fixture.Connect())
                await OnboardUntilKilledAsync(server, channel, acknowledged, crash, killAfter: random.Next(1, 12));
            Assert.Equal(128 + RunningProgram.SigKill, await server.ExitAsync());
        }

        await fixture.ServeAsync();
        using var last = fixture.Connect();
        var status = (await new ModelService.ModelServiceClient(last).GetStatusAsync(new GetStatusRequest())).Status;
        Assert.True(acknowledged.Count >= Crashes, $"{acknowledged.Count} were acknowledged.");
        Assert.Empty(acknowledged.Keys.Except(status.Auth.Profiles.Select(profile => profile.ProfileId)));
        Assert.Empty(status.ConfigurationErrors);
        var stored = await File.ReadAllTextAsync(fixture.ProfilesPath);
        Assert.All(acknowledged.Values, key => Assert.Contains(key, stored, StringComparison.Ordinal));
        var files = Directory.EnumerateFiles(fixture.State, "*", SearchOption.AllDirectories);
        Assert.DoesNotContain(files, path => path.EndsWith(".tmp", StringComparison.Ordinal));
    }

    // Three callers store one profile after the other; the one whose answer makes the number full pulls the plug while the
    // others are under way.
    private static async Task OnboardUntilKilledAsync(
        RunningProgram server, GrpcChannel channel, ConcurrentDictionary<string, string> acknowledged, int crash, int killAfter)
    {
        var answers = 0;
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async caller =>
        {
            try
            {
                for (var number = 0; ; number++)
                {
                    var (profile, key) =
                        ($"anthropic:{crash}-{caller}-{number}", $"sk-ant-api03-FAKE-{crash}-{caller}-{number}-0000000000");
                    await ProcessFixture.OnboardAsync(channel, profile, key);
                    acknowledged[profile] = key;
                    if (Interlocked.Increment(ref answers) == killAfter)
                        server.Signal(RunningProgram.SigKill);
                }
            }
            catch (RpcException exception) when (
                exception.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled)
            {
                // The server did not acknowledge this one.
            }
        }));
    }
}
