using System.Collections.Concurrent;
using System.Diagnostics;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Xunit.Abstractions;

namespace ClawGrpc.Server.Tests.Replicas;

/// <summary>
/// A steady stream of completions at all replicas in turn, and what their receipts add up to: what the database and the replicas
/// must say afterwards.
/// </summary>
internal sealed class Load(ReplicaSet set, ITestOutputHelper output)
{
    public const string Opus = "claude-opus-4-6";
    public const string Sonnet = "claude-sonnet-4-6";

    private static readonly TimeSpan BetweenCalls = TimeSpan.FromMilliseconds(20);

    // A repeat in place answers this one.
    private const int BetweenOverloads = 25;

    private readonly ConcurrentDictionary<(string Profile, string Model), long[]> _usage = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _served = new();
    private readonly ConcurrentDictionary<(string Profile, string Model), DateTimeOffset> _asideUntil = new();
    private int _calls;
    private long _slowest;

    /// <summary>How many were answered.</summary>
    public long Completions => _usage.Values.Sum(row => row[0]);

    /// <summary>How many profiles, and models of one, failed so that they were set aside.</summary>
    public int SetAside => _asideUntil.Count;

    /// <summary>How long the slowest took, but for repeats in place.</summary>
    public TimeSpan Slowest => TimeSpan.FromTicks(_slowest);

    /// <summary>The rows of counted usage, as psql prints them.</summary>
    public string Usage => string.Join('\n', _usage
        .OrderBy(row => row.Key.Profile, StringComparer.Ordinal).ThenBy(row => row.Key.Model, StringComparer.Ordinal)
        .Select(row => $"{row.Key.Profile}|{row.Key.Model}|{string.Join('|', row.Value)}"));

    /// <summary>Asks for completions until as many were asked for, and waits for all answers. None may fail.</summary>
    /// <param name="count">How many.</param>
    public async Task RunAsync(int count)
    {
        var calls = new List<Task>();
        using var timer = new PeriodicTimer(BetweenCalls);
        for (var left = count; left > 0; left--)
        {
            await timer.WaitForNextTickAsync();
            var call = _calls++;
            if (call % BetweenOverloads == 0)
                set.Sandbox.Script(Faults.Status(529));
            calls.Add(Task.Run(() => CompleteAsync(call)));
            if (calls.Count < 1000)
                continue;
            await Task.WhenAll(calls);
            calls.Clear();
        }

        await Task.WhenAll(calls);
    }

    /// <summary>What the replicas must agree on, from what each of them knew.</summary>
    public string HealthAfter(IReadOnlyList<AgentStatus> known)
    {
        var lines = new List<string>();
        foreach (var profile in _served.Keys.Order(StringComparer.Ordinal))
        {
            var used = known.Max(status => status.Auth.Profiles.Single(each => each.ProfileId == profile)
                .LastUsedTime.ToDateTimeOffset());
            Assert.InRange(used, _served[profile].AddMilliseconds(-1), _served[profile].AddSeconds(1));
            var aside = _asideUntil.Where(each => each.Key.Profile == profile)
                .Select(each => (each.Key.Model, each.Value)).ToList();

            // A failure of one model is cleared by the next success of another one; that of a whole profile is not.
            var errors = aside.Count(each => each.Model.Length == 0);
            lines.Add(HealthOf(profile, errors, used, aside));
        }

        return string.Join('\n', lines);
    }

    /// <summary>
    /// The health of a profile as text, in the milliseconds that are stored: ends are rounded up, other times down.
    /// </summary>
    public static string HealthOf(
        string profile, int errors, DateTimeOffset used, IEnumerable<(string Model, DateTimeOffset Until)> aside)
    {
        var ends = aside.OrderBy(each => each.Model, StringComparer.Ordinal)
            .Select(each => $" {each.Model} until {(Exact(each.Until) + 999) / 1000}");
        return $"{profile}: {errors} errors, used {used.ToUnixTimeMilliseconds()}{string.Concat(ends)}";

        static long Exact(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
    }

    private async Task CompleteAsync(int call)
    {
        var began = Stopwatch.GetTimestamp();
        var input = Prompts.Input(with: each =>
        {
            each.Model = call / 2 % 2 == 0 ? Opus : Sonnet;
            each.SessionId = call % 3 == 0 ? $"session {call % 60}" : "";
        });
        Receipt receipt;
        try
        {
            receipt = (await set[call % set.Servers.Count].Models.CompleteAsync(new CompleteRequest { Input = input })).Receipt;
        }
        catch (RpcException exception)
        {
            output.WriteLine($"Call {call}: {new CallFailure(exception)}");
            throw;
        }

        Note(receipt);
        if (receipt.Attempts.All(attempt => attempt.RetriesInPlace == 0))
            Max(ref _slowest, Stopwatch.GetElapsedTime(began).Ticks);
    }

    private void Note(Receipt receipt)
    {
        var row = _usage.GetOrAdd((receipt.ProfileId, receipt.Model), static _ => new long[5]);
        Interlocked.Increment(ref row[0]);
        Interlocked.Add(ref row[1], receipt.Usage.InputTokens);
        Interlocked.Add(ref row[2], receipt.Usage.OutputTokens);
        Interlocked.Add(ref row[3], receipt.Usage.CacheCreationInputTokens);
        Interlocked.Add(ref row[4], receipt.Usage.CacheReadInputTokens);
        foreach (var attempt in receipt.Attempts)
        {
            var ended = attempt.StartTime?.ToDateTimeOffset() + attempt.Duration?.ToTimeSpan();
            if (attempt.Outcome == AttemptOutcome.Served)
            {
                Later(_served, attempt.ProfileId, ended!.Value);
            }
            else if (attempt is { Outcome: AttemptOutcome.Failed, RecoverTime: { } recover })
            {
                var model = attempt.Failure == FailureKind.Billing ? "" : attempt.Model;
                Later(_asideUntil, (attempt.ProfileId, model), recover.ToDateTimeOffset());
            }
        }
    }

    private static void Later<T>(ConcurrentDictionary<T, DateTimeOffset> all, T key, DateTimeOffset time)
        where T : notnull => all.AddOrUpdate(key, time, (_, before) => before > time ? before : time);

    private static void Max(ref long most, long value)
    {
        for (var before = Volatile.Read(ref most); value > before;)
            before = Interlocked.CompareExchange(ref most, value, before) is var now && now == before ? value : now;
    }
}
