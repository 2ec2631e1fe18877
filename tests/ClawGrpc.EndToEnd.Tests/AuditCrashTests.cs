using System.Collections.Concurrent;
using System.Text.Json;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary><c>kill -9</c> while clients, tokens and the audit are written.</summary>
public class AuditCrashTests
{
    private static readonly int Crashes = Runs.Of(few: 4, full: 250);

    [Fact]
    public async Task Acknowledged_clients_survive_any_death_and_the_chain_stays_whole()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var acknowledged = new ConcurrentDictionary<string, string>();
        var random = new Random(20261126);
        for (var crash = 0; crash < Crashes; crash++)
        {
            var server = await fixture.ServeAsync();
            using (var channel = fixture.Connect())
                await ChangeUntilKilledAsync(server, channel, acknowledged, crash, random);
            Assert.Equal(128 + RunningProgram.SigKill, await server.ExitAsync());
        }

        await fixture.ServeAsync();
        using var last = fixture.Connect();
        var access = new AccessService.AccessServiceClient(last);
        foreach (var (name, secret) in acknowledged)
        {
            var headers = new Metadata { { "authorization", $"Bearer {secret}" } };
            Assert.Equal(name, (await access.WhoAmIAsync(new WhoAmIRequest(), headers)).Client.Name);
        }

        var verified = await access.VerifyAuditAsync(new VerifyAuditRequest());
        Assert.True(verified.Valid, $"{verified.BadPath}:{verified.BadLine}: {verified.Problem}");
        var lines = (await File.ReadAllLinesAsync(Path.Join(fixture.State, "audit.jsonl")))
            .Where(line => line.EndsWith("\"}", StringComparison.Ordinal) && line.StartsWith('{'))
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(Crashes + 1, lines.Count(line => line.GetProperty("event").GetString() == "start"));
        var created = lines.Count(line => line.TryGetProperty("rpc", out var rpc)
            && rpc.GetString() == "AccessService/CreateToken" && line.GetProperty("outcome").GetString() == "ok");
        Assert.True(created >= acknowledged.Count, $"{acknowledged.Count} were acknowledged, {created} recorded.");
        Assert.True(acknowledged.Count >= Crashes / 2, $"{acknowledged.Count} were acknowledged.");
    }

    // Removed again, except for the last one of each caller: there may be so many clients only.
    private static async Task ChangeUntilKilledAsync(
        RunningProgram server, GrpcChannel channel, ConcurrentDictionary<string, string> acknowledged, int crash, Random random)
    {
        var (killAfter, pause) = (random.Next(1, 8), random.Next(2_000_000));
        var access = new AccessService.AccessServiceClient(channel);
        var answers = 0;
        await Task.WhenAll(Enumerable.Range(0, 2).Select(async caller =>
        {
            try
            {
                for (var number = 0; ; number++)
                {
                    var name = $"c{crash}-{caller}-{number}";
                    var client = new V1.Client { Name = name, Scopes = { Scope.Status }, Agents = { "*" } };
                    await access.AddClientAsync(new AddClientRequest { Client = client });
                    acknowledged[name] = (await access.CreateTokenAsync(new CreateTokenRequest { Client = name })).Secret;
                    if (Interlocked.Increment(ref answers) == killAfter)
                    {
                        Thread.SpinWait(pause);
                        server.Signal(RunningProgram.SigKill);
                    }

                    if (number > 0 && acknowledged.TryRemove($"c{crash}-{caller}-{number - 1}", out _))
                        await access.RemoveClientAsync(new RemoveClientRequest { Name = $"c{crash}-{caller}-{number - 1}" });
                }
            }
            catch (RpcException exception) when (
                exception.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled)
            {
                // Nobody was told that this one is stored.
            }
        }));
    }
}
