using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Accounting;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Testing;

/// <summary>
/// What every <see cref="IStateStore"/> must do. A test class for each implementation derives from it and says how to open the
/// same state a second time, as another process does, and how to break it.
/// </summary>
public abstract class StateStoreContract
{
    private protected const string Agent = "main";
    private const string One = "anthropic:one";
    private const string Two = "anthropic:two";

    /// <summary>The path of the configuration.</summary>
    private protected abstract string Configuration { get; }

    /// <summary>Opens the state as another process would. Disposed by the implementation when the test ends.</summary>
    private protected abstract IStateStore Open();

    /// <summary>Makes the stored profiles of the agent unreadable.</summary>
    private protected abstract Task BreakAsync();

    /// <summary>What is stored, byte for byte, to tell whether it changed.</summary>
    private protected abstract Task<string> DumpAsync();

    /// <summary>A process takes the lease of a profile, and is killed.</summary>
    private protected abstract Task DieWithLeaseAsync(string profileId);

    [Fact]
    public async Task Unknown_agent_has_no_profiles()
    {
        var store = Open();
        Assert.Empty((await store.ReadAsync(Agent)).Profiles);
        Assert.Empty(store.AgentIds);
    }

    [Fact]
    public async Task Update_is_seen_by_another_process_when_it_returns()
    {
        var (store, other) = (Open(), Open());
        Assert.Empty((await other.ReadAsync(Agent)).Profiles);
        var after = await store.UpdateAsync(Agent, _ => [Put(One, "1")]);
        Assert.Equal("1", KeyOf(after, One));
        Assert.Equal("1", KeyOf(await other.ReadAsync(Agent), One));
        Assert.Equal([Agent], other.AgentIds);
    }

    [Fact]
    public async Task Clients_and_tokens_are_seen_by_another_process()
    {
        var (store, other) = (Open(), Open());
        Assert.Empty((await other.ReadClientsAsync()).Clients);
        var client = new Core.Access.Client { Name = "ci", Scopes = Scopes.Complete, Agents = ["*"] };
        var token = new ClientToken
        {
            Id = "abcdefghijkl",
            Generations = [new TokenGeneration([.. new byte[32]], DateTimeOffset.UnixEpoch.AddDays(1), null)],
        };
        await store.UpdateClientsAsync(stored => stored.With(client));
        await other.UpdateClientsAsync(stored => stored.With("ci", token));
        var read = await store.ReadClientsAsync();
        Assert.Equal("ci", Assert.Single(read.Clients).Name);
        Assert.Equal("abcdefghijkl", Assert.Single(read.Tokens).Token.Id);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => store.UpdateClientsAsync(_ => throw new InvalidOperationException("no")));
        Assert.Equal("no", refused.Message);
        Assert.Single((await other.ReadClientsAsync()).Clients);
    }

    [Fact]
    public async Task Spending_is_seen_by_another_process()
    {
        var (store, other) = (Open(), Open());
        Assert.Empty(await other.ReadSpendingAsync());
        var spent = new Spending(DateTimeOffset.UnixEpoch.AddDays(1), 123_456_789_012_345_678, 9);
        await store.UpdateSpendingAsync(stored => stored.SetItem("ci", spent));
        await other.UpdateSpendingAsync(stored => stored.SetItem("other", spent with { Tokens = 1 }));
        var read = await store.ReadSpendingAsync();
        Assert.Equal((2, spent), (read.Count, read["ci"]));
    }

    [Fact]
    public async Task Agents_do_not_see_profiles_of_each_other()
    {
        var store = Open();
        await store.UpdateAsync(Agent, _ => [Put(One, "1")]);
        await store.UpdateAsync("work", _ => [Put(Two, "2")]);
        Assert.Null((await store.ReadAsync(Agent)).Find(Two));
        Assert.Null((await store.ReadAsync("work")).Find(One));
        Assert.Equal([Agent, "work"], store.AgentIds);
        Assert.NotEqual(store.PlaceOf(Agent), store.PlaceOf("work"));
    }

    [Fact]
    public async Task Unchanged_state_is_the_same_object()
    {
        var store = Open();
        var after = await store.UpdateAsync(Agent, _ => [Put(One, "1")]);
        Assert.Same(after, await store.ReadAsync(Agent));
        Assert.Same(after, await store.UpdateAsync(Agent, _ => []));
        Assert.Same(after, await store.UpdateAsync(Agent, _ => [Put(One, "1")]));
    }

    [Fact]
    public async Task Decision_sees_what_another_process_stored_last()
    {
        var (store, other) = (Open(), Open());
        await store.UpdateAsync(Agent, _ => [Put(One, "1")]);
        await other.UpdateAsync(Agent, _ => [Put(One, "2")]);
        string? seen = null;
        await store.UpdateAsync(Agent, fresh =>
        {
            seen = KeyOf(fresh, One);
            return [];
        });
        Assert.Equal("2", seen);
    }

    [Fact]
    public async Task Concurrent_updates_lose_nothing()
    {
        IStateStore[] stores = [Open(), Open()];
        await Task.WhenAll(Enumerable.Range(0, 40)
            .Select(update => Task.Run(() => stores[update % 2].UpdateAsync(Agent, Count))));
        Assert.Equal(40, (await Open().ReadAsync(Agent)).HealthOf("shared").ErrorCount);
    }

    [Fact]
    public async Task Exception_of_a_decision_is_passed_on_and_changes_nothing()
    {
        var store = Open();
        await store.UpdateAsync(Agent, _ => [Put(One, "1")]);
        var before = await DumpAsync();
        await Assert.ThrowsAsync<NotSupportedException>(() => store.UpdateAsync(Agent, _ => throw new NotSupportedException()));
        Assert.Equal(before, await DumpAsync());
        await store.UpdateAsync(Agent, _ => [Put(One, "2")]);
    }

    [Fact]
    public async Task Unreadable_profiles_are_refused_and_left_as_they_are()
    {
        var store = Open();
        await store.UpdateAsync(Agent, _ => [Put(One, "1")]);
        await BreakAsync();
        var before = await DumpAsync();
        var unreadable = await Assert.ThrowsAsync<StateUnreadableException>(async () => await store.ReadAsync(Agent));
        Assert.Equal(store.PlaceOf(Agent), unreadable.Path);
        await Assert.ThrowsAsync<StateUnreadableException>(() => store.UpdateAsync(Agent, _ => [Put(One, "2")]));
        Assert.Equal(before, await DumpAsync());
    }

    [Fact]
    public async Task Lease_excludes_other_processes_until_it_is_disposed()
    {
        var (store, other) = (Open(), Open());
        var lease = await store.LeaseAsync(Agent, One);
        var waiting = other.LeaseAsync(Agent, One);
        await (await other.LeaseAsync(Agent, Two)).DisposeAsync();
        Assert.False(waiting.IsCompleted);
        await lease.DisposeAsync();
        await (await waiting).DisposeAsync();
    }

    [Fact]
    public async Task Holders_of_a_lease_follow_one_another()
    {
        IStateStore[] stores = [Open(), Open()];
        var (holders, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(holder => Task.Run(async () =>
        {
            await using var lease = await stores[holder % 2].LeaseAsync(Agent, One);
            most = Math.Max(most, Interlocked.Increment(ref holders));
            await stores[holder % 2].ReadAsync(Agent);
            Interlocked.Decrement(ref holders);
        })));
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task Lease_does_not_exclude_updates()
    {
        var (store, other) = (Open(), Open());
        await using var lease = await store.LeaseAsync(Agent, One);
        await store.UpdateAsync(Agent, _ => [Put(One, "1")]);
        await other.UpdateAsync(Agent, _ => [Put(One, "2")]);
        Assert.Equal("2", KeyOf(await store.ReadAsync(Agent), One));
    }

    [Fact]
    public async Task Lease_of_a_killed_process_is_taken_over()
    {
        await DieWithLeaseAsync(One);
        await (await Open().LeaseAsync(Agent, One)).DisposeAsync();
    }

    [Fact]
    public async Task Waiting_for_a_lease_can_be_cancelled()
    {
        var (store, other) = (Open(), Open());
        await using var lease = await store.LeaseAsync(Agent, One);
        using var cancellation = new CancellationTokenSource();
        var waiting = other.LeaseAsync(Agent, One, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Edit_of_the_configuration_keeps_the_rest_of_its_text()
    {
        var (store, other) = (Open(), Open());
        Assert.Null(store.ReadConfiguration(Configuration));
        await store.EditConfigurationAsync(Configuration, text => $"{text}// A comment.\n{{ a: 1, }}\n");
        Assert.Equal("// A comment.\n{ a: 1, }\n", other.ReadConfiguration(Configuration));
        await other.EditConfigurationAsync(Configuration, text => text!.Replace("1", "2", StringComparison.Ordinal));
        Assert.Equal("// A comment.\n{ a: 2, }\n", store.ReadConfiguration(Configuration));
    }

    [Fact]
    public async Task Exception_of_an_edit_is_passed_on_and_changes_nothing()
    {
        var store = Open();
        await store.EditConfigurationAsync(Configuration, _ => "{ a: 1 }");
        await Assert.ThrowsAsync<NotSupportedException>(
            () => store.EditConfigurationAsync(Configuration, _ => throw new NotSupportedException()));
        Assert.Equal("{ a: 1 }", store.ReadConfiguration(Configuration));
    }

    [Fact]
    public async Task Usage_adds_up_across_processes_and_old_days_may_go()
    {
        var (store, other) = (Open(), Open());
        Assert.Empty(await store.ReadUsageAsync());
        var (old, day) = (new DateOnly(2025, 1, 31), new DateOnly(2026, 2, 8));
        var (before, now) = (new UsageKey(old, "ci", Agent, One, "a/b"), new UsageKey(day, "ci", Agent, One, "a/b"));
        var once = new UsageCounters(1, 1, 2, 3, 4, 5, long.MaxValue / 4);
        await store.AddUsageAsync(old, [new(before, once)], old);
        await store.AddUsageAsync(day, [new(now, once)], old);
        await other.AddUsageAsync(day, [new(now, once)], old);
        Assert.Equal([(before, once), (now, once + once)], Rows(await store.ReadUsageAsync()));
        await store.AddUsageAsync(day, [new(now, once)], new DateOnly(2025, 2, 1));
        Assert.Equal([(now, once + once + once)], Rows(await other.ReadUsageAsync()));

        static IEnumerable<(UsageKey, UsageCounters)> Rows(IEnumerable<KeyValuePair<UsageKey, UsageCounters>> rows) =>
            rows.OrderBy(row => row.Key.Day).Select(row => (row.Key, row.Value));
    }

    [Fact]
    public async Task Changes_of_another_process_are_reported()
    {
        var (store, other) = (Open(), Open());
        await store.OpenAsync(Agent);
        store.ReadConfiguration(Configuration);
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var places = store.WatchAsync(cancellation.Token).GetAsyncEnumerator(cancellation.Token);

        // The first report may be one without a change.
        foreach (var key in new[] { "1", "2" })
        {
            await other.UpdateAsync(Agent, _ => [Put(One, key)]);
            await ReportedAsync(store.PlaceOf(Agent));
            await other.EditConfigurationAsync(Configuration, _ => $"{{ a: {key} }}");
            await ReportedAsync(Configuration);
        }

        async Task ReportedAsync(string place)
        {
            do
                Assert.True(await places.MoveNextAsync());
            while (places.Current != place);
        }
    }

    private static IReadOnlyList<StoreChange> Count(ProfileStore fresh) =>
        [new SetHealth("shared", fresh.HealthOf("shared") with { ErrorCount = fresh.HealthOf("shared").ErrorCount + 1 })];

    private static PutProfile Put(string id, string key) => new(id, new ApiKeyCredential("anthropic", new Secret(key)));

    private static string KeyOf(ProfileStore profiles, string id) =>
        ((ApiKeyCredential)profiles.Find(id)!.Credential).Key!.Reveal();
}
