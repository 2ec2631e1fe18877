using ClawGrpc.Testing;
using ClawGrpc.V1;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>
/// <c>kill -9</c> while a login is refreshed. The endpoint's refresh tokens work once: what it granted may be lost, and then
/// the login is. Whatever happens, the endpoint is not asked again and again.
/// </summary>
public class RefreshCrashTests
{
    private const string Path = "/v1/oauth/token";
    private const string Login = "anthropic:login";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Login_has_failed_after_a_kill_between_answer_and_write()
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var fixture = await ProcessFixture.BuildAsync(time: clock, more: OAuth);
        fixture.Sandbox.Script(Faults.Slow(beforeHeadersMs: (int)Pause.TotalMilliseconds).ForPath(Path));
        await StoreAsync(fixture, "sk-ant-ort01-FAKE-0");
        var server = await fixture.ServeAsync();
        using (var channel = fixture.Connect())
        {
            var call = ProcessFixture.CompleteAsync(channel);
            await fixture.Sandbox.WaitForRequestsAsync(1);

            // It stands still while the answer reaches its machine, and never runs again.
            server.Signal(RunningProgram.SigStop);
            await clock.PassAsync(Pause, Pause);
            Assert.Equal(Outcome.Answered, await fixture.Sandbox.Requests.Single().Finished);
            server.Signal(RunningProgram.SigKill);
            await server.ExitAsync();
            await call;
        }

        await AssertSettledAsync(fixture, asked: 2, "OAUTH_REFRESH_FAILED");
    }

    [Fact]
    public async Task Login_is_good_or_failed_after_a_kill_at_any_moment()
    {
        var random = new Random(20261121);
        await using var fixture = await ProcessFixture.BuildAsync(more: OAuth);
        for (var crash = 0; crash < 4; crash++)
        {
            fixture.Sandbox.ClearRequests();
            await StoreAsync(fixture, $"sk-ant-ort01-FAKE-{crash}");
            var server = await fixture.ServeAsync();
            using (var channel = fixture.Connect())
            {
                var call = ProcessFixture.CompleteAsync(channel);
                await fixture.Sandbox.WaitUntilAsync(requests => requests.Any(request => request.Outcome == Outcome.Answered));
                Thread.SpinWait(random.Next(3_000_000));
                server.Signal(RunningProgram.SigKill);
                await server.ExitAsync();
                await call;
            }

            var isStored = !(await File.ReadAllTextAsync(fixture.ProfilesPath))
                .Contains($"FAKE-{crash}\"", StringComparison.Ordinal);
            await AssertSettledAsync(fixture, isStored ? 1 : 2, isStored ? "served" : "OAUTH_REFRESH_FAILED");
        }
    }

    private static string OAuth(string url) => $"clawgrpc: {{ oauth: {{ tokenUrl: '{url}{Path}', clientId: 'client' }} }}";

    private static async Task StoreAsync(ProcessFixture fixture, string refresh)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(fixture.ProfilesPath)!);
        await File.WriteAllTextAsync(fixture.ProfilesPath, $$"""
            { "version": 1, "profiles": { "{{Login}}": { "type": "oauth", "provider": "anthropic",
              "access": "sk-ant-oat01-FAKE-old", "refresh": "{{refresh}}", "expires": 1 } } }
            """);
    }

    // What a new server makes of it, and goes on making of it.
    private static async Task AssertSettledAsync(ProcessFixture fixture, int asked, string outcome)
    {
        var server = await fixture.ServeAsync();
        using (var channel = fixture.Connect())
        {
            for (var again = 0; again < 4; again++)
            {
                Assert.Equal(outcome, await ProcessFixture.CompleteAsync(channel));
                Assert.Equal(asked, fixture.Sandbox.Requests.Count(request => request.Path == Path));
            }

            var profile = (await new ModelService.ModelServiceClient(
                channel).GetStatusAsync(new GetStatusRequest())).Status.Auth.Profiles.Single();
            Assert.Equal(
                (Login, outcome == "served" ? ExpiryState.Ok : ExpiryState.Expired), (profile.ProfileId, profile.Expiry));
        }

        // Who served last is written behind the call, with a lock and a temporary file of its own as long as it lasts.
        server.Signal(RunningProgram.SigTerm);
        await server.ExitAsync();
        Assert.Equal(
            ["auth-profiles.json", "clawgrpc-origins.json"],
            Directory.EnumerateFileSystemEntries(System.IO.Path.GetDirectoryName(fixture.ProfilesPath)!)
                .Select(System.IO.Path.GetFileName).Order());
    }
}
