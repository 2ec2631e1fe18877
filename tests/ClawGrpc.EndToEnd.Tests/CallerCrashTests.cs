using System.Text.Json;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary><c>kill -9</c> while clients, tokens, budgets and the audit are written.</summary>
public class CallerCrashTests
{
    private static readonly int Crashes = Runs.Of(few: 5, full: 250);

    [Fact]
    public async Task Acknowledged_changes_survive_any_death_and_the_chain_stays_whole()
    {
        await using var fixture = await ProcessFixture.BuildAsync(tokenDelay: TimeSpan.FromMilliseconds(3));
        var audit = new TornAudit(Path.Join(fixture.State, "audit.jsonl"));
        var random = new Random(20261126);
        var changes = new List<ClientChanges>();
        var budget = new BudgetSpending(fixture.Sandbox);
        for (var crash = 0; crash < Crashes; crash++)
        {
            var server = await ServeAsync(fixture);
            using (var channel = fixture.Connect())
            {
                await AssertKeptAsync(channel, changes.TakeLast(2));
                if (crash > 0)
                    await budget.AssertKeptAsync(channel);
                await budget.BeginAsync(channel, $"s{crash}");
                var plug = new Plug(server, random.Next(1, 24), random.Next(2_000_000));
                var changers = Enumerable.Range(0, 2).Select(caller => new ClientChanges($"c{crash}-{caller}")).ToList();
                changes.AddRange(changers);
                await Task.WhenAll(changers.Select(each => plug.UntilPulledAsync(() => each.ChangeAsync(channel)))
                    .Concat(Enumerable.Range(0, 2).Select(_ => plug.UntilPulledAsync(() => budget.SpendAsync(channel)))));
            }

            Assert.Equal(128 + RunningProgram.SigKill, await server.ExitAsync());
            if (crash % 5 == 4)
                audit.Tear(random.Next(2, 60));
            audit.NoteTorn();
        }

        await ServeAsync(fixture);
        using var last = fixture.Connect();
        await AssertKeptAsync(last, changes);
        await budget.AssertKeptAsync(last);
        var verified = await new AccessService.AccessServiceClient(last).VerifyAuditAsync(new VerifyAuditRequest());
        Assert.True(verified.Valid, $"{verified.BadPath}:{verified.BadLine}: {verified.Problem}");
        Assert.Equal((audit.TornLines, false), (verified.TornLineCount, verified.EndsTorn));
        Assert.Equal(Crashes + 1, await audit.CountAsync("start"));
        Assert.Equal(audit.TornLines, await audit.CountAsync("torn"));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(fixture.State), path => path.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.True(changes.Sum(each => each.Acknowledged) >= Crashes, "Hardly anything was acknowledged.");
    }

    private static Task<RunningProgram> ServeAsync(ProcessFixture fixture) => fixture.ServeAsync(
        new Dictionary<string, string> { ["ANTHROPIC_API_KEY"] = ProcessFixture.KeyOne });

    private static async Task AssertKeptAsync(ChannelBase channel, IEnumerable<ClientChanges> changes)
    {
        var access = new AccessService.AccessServiceClient(channel);
        var clients = (await access.ListClientsAsync(new ListClientsRequest { PageSize = 1000 })).Clients;
        foreach (var each in changes)
            await each.AssertKeptAsync(access, clients);
    }

    /// <summary>Kills a server at a random moment after so many of its answers.</summary>
    private sealed class Plug(RunningProgram server, int after, int pause)
    {
        private int _answers;

        public async Task UntilPulledAsync(Func<Task> call)
        {
            try
            {
                while (true)
                {
                    await call();
                    if (Interlocked.Increment(ref _answers) != after)
                        continue;
                    Thread.SpinWait(pause);
                    server.Signal(RunningProgram.SigKill);
                }
            }
            catch (RpcException exception) when (
                exception.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled)
            {
                // This call was not acknowledged.
            }
        }
    }

    /// <summary>An audit whose last line is cut now and then, as when the power fails.</summary>
    private sealed class TornAudit(string path)
    {
        public int TornLines { get; private set; }

        public void Tear(int bytes)
        {
            using var file = File.Open(path, FileMode.Open);
            file.SetLength(file.Length - bytes);
        }

        /// <summary>Counts a last line that is not whole.</summary>
        public void NoteTorn()
        {
            using var file = File.OpenRead(path);
            file.Seek(-1, SeekOrigin.End);
            if (file.ReadByte() != '\n')
                TornLines++;
        }

        public async Task<int> CountAsync(string what) => (await File.ReadAllLinesAsync(path))
            .Where(line => line.StartsWith('{') && line.EndsWith("\"}", StringComparison.Ordinal))
            .Count(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString() == what);
    }
}
