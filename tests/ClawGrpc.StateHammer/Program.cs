using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;
using Microsoft.Extensions.Logging.Abstractions;

// A process that writes state until it is killed, for tests of what is left then. Each line it prints is a promise: it is on
// disk.
var timing = new LockTiming
{
    FirstDelay = TimeSpan.FromMilliseconds(
    1),
    MaxDelay = TimeSpan.FromMilliseconds(20),
    Retries = 2_000
};
switch (args)
{
    case ["put", var file]:
        await PutForeverAsync(new AgentStore(file, TimeProvider.System, timing));
        break;
    case ["count", var file, var times]:
        await CountAsync(new AgentStore(
            file, TimeProvider.System, timing), int.Parse(times, System.Globalization.CultureInfo.InvariantCulture));
        break;
    case ["edit", var file, var times]:
        await EditAsync(new ConfigFile(file), int.Parse(times, System.Globalization.CultureInfo.InvariantCulture));
        break;
    case ["share", var file, var name, var stale]:
        var shared = timing with
        {
            Stale = TimeSpan.FromMilliseconds(
            int.Parse(stale, System.Globalization.CultureInfo.InvariantCulture))
        };
        await ShareForeverAsync(new AgentStore(file, TimeProvider.System, shared), name);
        break;
    case ["seal", var folder, var old, var next]:
        await SealForeverAsync(StateFolder.Resolve(folder, _ => null, "/"), old, next, timing);
        break;
    case ["lease", var leased, var agent, var profile]:
        using (var store = new FileStore(StateFolder.Resolve(leased, _ => null, "/"), _ => null, TimeProvider.System, timing))
        {
            await using var lease = await store.LeaseAsync(agent, profile);
            Console.WriteLine(profile);
            await Console.In.ReadLineAsync();
        }

        break;
    case ["serve", var folder]:
        using (ServerLock.Acquire(StateFolder.Resolve(folder, _ => null, "/")))
        {
            Console.WriteLine(Environment.ProcessId);
            await Console.In.ReadLineAsync();
        }

        break;
    default:
        Console.Error.WriteLine(
            "put FILE | count FILE TIMES | edit FILE TIMES | share FILE NAME STALE_MS | lease FOLDER AGENT PROFILE "
                + "| serve FOLDER | seal FOLDER KEY KEY");
        return 2;
}

return 0;

// Round and round over 20 profiles: the number of the last round of each is in its key. Long keys make a write take its time.
static async Task PutForeverAsync(AgentStore store)
{
    var padding = new string('F', 2_000);
    for (var round = 0; ; round++)
    {
        await store.UpdateAsync(
            new PutProfile($"anthropic:{round % 20}", new ApiKeyCredential("anthropic", new Secret($"{round}-{padding}"))));
        Console.WriteLine(round);
    }
}

// As PutForeverAsync, and after each put one of: another key, unsealed, sealed.
static async Task SealForeverAsync(StateFolder folder, string old, string next, LockTiming timing)
{
    var keys = new SealingKeys(folder, _ => null, NullLogger<SealingKeys>.Instance);
    keys.Use(new SealConfiguration([new KeySource(old, false), new KeySource(next, false)]), "https://api.anthropic.com");
    using var store = new FileStore(folder, _ => null, TimeProvider.System, timing, keys);
    await store.OpenAsync("main");
    for (var round = 0; ; round++)
    {
        var put = new PutProfile(
            $"anthropic:{round % 20}", new ApiKeyCredential("anthropic", new Secret($"{round}-{new string('F', 200)}")));
        await store.UpdateAsync("main", _ => [put]);
        Console.WriteLine(round);
        if (round % 3 == 0)
            await keys.ActivateAsync(keys.Now.Loaded[round % 2].Key!.Id);
        var goal = (SealGoal)(round % 3 == 0 ? (int)SealGoal.ActiveKey : (round - 1) % 3);
        await store.UpdateAsync("main", _ => [new SealSecrets(goal, ImmutableDictionary<string, string>.Empty)]);
    }
}

// Counts in the file what is there already, as every decision on fresh state does.
static async Task CountAsync(AgentStore store, int times)
{
    for (var round = 0; round < times; round++)
    {
        await store.UpdateAsync(fresh =>
            [new SetHealth("shared", fresh.HealthOf("shared") with { ErrorCount = fresh.HealthOf("shared").ErrorCount + 1 })]);
    }

    Console.WriteLine(times);
}

// Edits a configuration, with its backups.
static async Task EditAsync(ConfigFile file, int times)
{
    for (var round = 0; round < times; round++)
        await file.UpdateAsync(_ => $"{{ round: {round} }}\n");
    Console.WriteLine(times);
}

// Counts under its own name and, in the same update, under the one of all. What it prints is its own number.
static async Task ShareForeverAsync(AgentStore store, string name)
{
    while (true)
    {
        var after = await store.UpdateAsync(fresh =>
            [.. new[] { name, "shared" }.Select(
                id => new SetHealth(id, fresh.HealthOf(id) with { ErrorCount = fresh.HealthOf(id).ErrorCount + 1 }))]);
        Console.WriteLine(after.HealthOf(name).ErrorCount);
    }
}
