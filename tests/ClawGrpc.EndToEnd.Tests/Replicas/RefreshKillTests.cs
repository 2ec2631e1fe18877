using System.Globalization;
using ClawGrpc.Testing;
using Xunit.Abstractions;

namespace ClawGrpc.EndToEnd.Tests.Replicas;

/// <summary>
/// <c>kill -9</c> of the replica that refreshes a login for all. The endpoint's refresh tokens are good for one use: what it
/// granted is used by all, or all say what the login needs.
/// </summary>
public class RefreshKillTests(ITestOutputHelper output)
{
    private const string Served = "served";
    private const string Failed = "OAUTH_REFRESH_FAILED";

    [NeedsPostgresFact]
    public async Task Login_is_good_everywhere_or_everywhere_says_what_it_needs()
    {
        await using var replicas = await ReplicaProcesses.StartAsync(3);
        var moments = Enum.GetValues<Moment>();
        var ends = new Dictionary<(Moment, string), int>();
        for (var crash = 0; crash < Runs.Of(few: 6, full: 100); crash++)
        {
            var moment = moments[crash % moments.Length];
            var end = await KillAsync(replicas, moment, $"sk-ant-ort01-FAKE-{crash}");
            ends[(moment, end)] = ends.GetValueOrDefault((moment, end)) + 1;
        }

        output.WriteLine(string.Join("; ", ends.OrderBy(end => end.Key).Select(
            end => string.Create(CultureInfo.InvariantCulture, $"{end.Key.Item1}: {end.Key.Item2} {end.Value} times"))));
    }

    private static async Task<string> KillAsync(ReplicaProcesses replicas, Moment moment, string refresh)
    {
        string? holder = null;
        var killed = replicas.Tokens.Arm(refresh, moment, () => replicas.KillOf(holder = replicas.Holder()));
        replicas.StoreLogin(refresh);
        await killed.WaitAsync(TimeSpan.FromSeconds(30));
        await replicas.GoneAsync(holder!);
        var isKept = replicas.HasGranted(holder!);
        var isStored = !replicas.Profiles().Contains(refresh, StringComparison.Ordinal);

        // The time of its lease goes by.
        replicas.EndLeases();
        var others = await replicas.OutcomesAsync();
        await replicas.RestartAsync(holder!);

        // Before its request nothing is lost; after its answer what is stored or kept is good, once it is back.
        var expected = moment == Moment.BeforeRequest || isKept || isStored ? Served : Failed;
        await replicas.ReachAsync(expected);
        Assert.Equal(1, replicas.Tokens.Grants);
        Assert.InRange(replicas.Tokens.Asked, 1, 1 + replicas.Count);
        if (moment != Moment.BeforeStore)
            Assert.All(others, outcome => Assert.Equal(expected, outcome));
        else if (isStored)
            Assert.All(others, outcome => Assert.Equal(Served, outcome));
        Assert.False(replicas.HasGranted(holder!));
        return expected == Served && !isStored && moment == Moment.BeforeStore ? $"{Served}, from its disk" : expected;
    }
}
