using System.Collections.Concurrent;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Access;

/// <summary>
/// What clients with a budget spend, kept across restarts and shared with other servers of the same state. A call is let in while
/// something is left after what the calls under way may come to; so at most one call of each server goes beyond the budget,
/// unless upstream counts more than was estimated. More than is spent is written down ahead: a server that is killed has lost
/// nothing of what it counted, and servers need not ask each other about every call. What a client then does not spend here is
/// given back after a minute without calls of it.
/// </summary>
internal sealed class Budgets : IAsyncDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Account> _accounts = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _writing = new(1);
    private readonly IStateStore _store;
    private readonly TimeProvider _time;
    private readonly ITimer _givingBack;

    public Budgets(IStateStore store, TimeProvider time)
    {
        (_store, _time) = (store, time);
        _givingBack = time.CreateTimer(_ => _ = GiveBackAsync(), null, Idle, Idle);
    }

    /// <summary>The time.</summary>
    public DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>Reads what was spent before.</summary>
    /// <exception cref="StateUnreadableException">It cannot be read.</exception>
    public async Task LoadAsync()
    {
        foreach (var (client, spent) in await _store.ReadSpendingAsync())
            _accounts[client] = new Account { Others = spent };
    }

    /// <summary>What a client has spent in the period of now; null if it has no budget.</summary>
    public Spending? SpentBy(Client client)
    {
        if (client.Budget is not { } budget)
            return null;
        var account = AccountOf(client.Name);
        lock (account)
            return account.Settled.In(budget.Period, Now);
    }

    /// <summary>Lets a call in, and keeps back what it may come to until it is over. Null: the client has no budget.</summary>
    /// <exception cref="RefusedException">BUDGET_EXCEEDED; or the model has no price and the budget is in dollars.</exception>
    /// <exception cref="StateNotWrittenException">It cannot be written down, so it must not be spent.</exception>
    public ValueTask<Purse?> OpenAsync(Client client, SpendingEstimate estimate, CancellationToken cancellation) =>
        client.Budget is { } budget ? OpenAsync(client.Name, budget, estimate, cancellation) : new((Purse?)null);

    public async ValueTask DisposeAsync()
    {
        await _givingBack.DisposeAsync();
        await TryWriteAsync(static account => account.Budget is not null);
        _writing.Dispose();
    }

    /// <summary>
    /// Writes down what was spent, if that is more than was written ahead: upstream counted more than was estimated. While the
    /// store is away the next call has to wait for that, since this one's answer is there and paid for.
    /// </summary>
    public async Task SettleAsync(Account account)
    {
        lock (account)
        {
            if (account.Budget is not { } budget || !account.Own.Exceeds(account.Taken, budget))
                return;
        }

        try
        {
            await WriteAsync(static each => each.IsBehind, ahead: true, CancellationToken.None);
        }
        catch (StateNotWrittenException exception) when (exception.IsUnavailable)
        {
            // It stays behind, and is written before anything more is spent.
        }
    }

    private async ValueTask<Purse?> OpenAsync(
        string client, ClientBudget budget, SpendingEstimate estimate, CancellationToken cancellation)
    {
        if (estimate.NanoUsd is null && budget.Usd is not null)
            throw AccessRefusals.NoPrice(client).ToException();
        var account = AccountOf(client);
        var (nanos, tokens) = (estimate.NanoUsd ?? 0, estimate.Tokens);
        bool mustWrite;
        lock (account)
        {
            account.Begin(budget, Now);
            if (account.Expected.UsesUp(budget))
                throw Exceeded(client, budget);
            account.Reserve(nanos, tokens, Now);
            mustWrite = account.IsBehind;
        }

        var purse = new Purse(this, account, nanos, tokens);
        try
        {
            if (mustWrite)
            {
                await WriteAsync(static each => each.IsBehind, ahead: true, cancellation);
                lock (account)
                {
                    // Others may have spent it: this call alone is not counted.
                    if (account.Expected.Plus(-nanos, -tokens).UsesUp(budget))
                        throw Exceeded(client, budget);
                }
            }

            return purse;
        }
        catch
        {
            purse.Dispose();
            throw;
        }
    }

    private Task GiveBackAsync()
    {
        var since = Now - Idle;
        return TryWriteAsync(account => account.IsIdleSince(since));
    }

    // Without what was written ahead. If it cannot be, that counts: more than was spent, and never less.
    private async Task TryWriteAsync(Func<Account, bool> isDue)
    {
        try
        {
            await WriteAsync(isDue, ahead: false, CancellationToken.None);
        }
        catch (Exception exception) when (
            exception is StateUnreadableException or StateNotWrittenException or ObjectDisposedException)
        {
            // The next minute tries again, unless the server stops.
        }
    }

    private RefusedException Exceeded(string client, ClientBudget budget)
    {
        var now = Now;
        return AccessRefusals.BudgetExceeded(client, budget, Spending.ResetOf(budget.Period, now), now).ToException();
    }

    // Of calls that wait for a write, the first one writes for all.
    private async Task WriteAsync(Func<Account, bool> isDue, bool ahead, CancellationToken cancellation)
    {
        var due = new Dictionary<string, Account>(StringComparer.Ordinal);
        await _writing.WaitAsync(cancellation);
        try
        {
            foreach (var (client, account) in _accounts)
            {
                lock (account)
                {
                    if (!isDue(account))
                        continue;
                    due[client] = account;
                    account.IsGivingBack = !ahead;
                }
            }

            if (due.Count == 0)
                return;
            var shares = new Dictionary<Account, (Spending Others, Spending Taken)>();
            await _store.UpdateSpendingAsync(
                stored => due.Aggregate(stored, (all, each) =>
                {
                    lock (each.Value)
                    {
                        var (others, taken) = shares[each.Value] =
                            each.Value.SharesOf(all.GetValueOrDefault(each.Key) ?? Spending.None, ahead, Now);
                        return all.SetItem(each.Key, others.Plus(taken.NanoUsd, taken.Tokens));
                    }
                }),
                cancellation);
            foreach (var (account, share) in shares)
            {
                lock (account)
                    (account.Others, account.Taken) = share;
            }
        }
        finally
        {
            foreach (var account in due.Values)
            {
                lock (account)
                    account.IsGivingBack = false;
            }

            _writing.Release();
        }
    }

    private Account AccountOf(string client) => _accounts.GetOrAdd(client, static _ => new Account());

    /// <summary>What one client has spent in one period. Its own lock.</summary>
    internal sealed class Account
    {
        private DateTimeOffset _used;

        public ClientBudget? Budget { get; private set; }

        /// <summary>What is stored, without this server's part.</summary>
        public Spending Others { get; set; } = Spending.None;

        /// <summary>What was spent at this server.</summary>
        public Spending Own { get; set; } = Spending.None;

        /// <summary>This server's part of what is stored.</summary>
        public Spending Taken { get; set; } = Spending.None;

        /// <summary>What the calls under way here may come to.</summary>
        public Spending Reserved { get; private set; } = Spending.None;

        /// <summary>All that was spent, as far as it is known here.</summary>
        public Spending Settled => Others.Plus(Own.NanoUsd, Own.Tokens);

        /// <summary>With what the calls under way may come to.</summary>
        public Spending Expected => Settled.Plus(Reserved.NanoUsd, Reserved.Tokens);

        /// <summary>Whether less is being written down: a call must not count on what was there.</summary>
        public bool IsGivingBack { get; set; }

        /// <summary>Whether more may be spent here than is written down.</summary>
        public bool IsBehind => Budget is { } budget
            && (IsGivingBack || Own.Plus(Reserved.NanoUsd, Reserved.Tokens).Exceeds(Taken, budget));

        /// <summary>Whether some of what is written down is left, and nobody has asked for it since then.</summary>
        public bool IsIdleSince(DateTimeOffset since) => Budget is { } budget && _used <= since
            && Reserved is { NanoUsd: 0, Tokens: 0 } && Taken.Exceeds(Own, budget);

        /// <summary>A call may come to this much more, or does not any more.</summary>
        public void Reserve(long nanoUsd, long tokens, DateTimeOffset now) =>
            (Reserved, _used) = (Reserved.Plus(nanoUsd, tokens), now);

        /// <summary>Takes up the budget, and the period of now.</summary>
        public void Begin(ClientBudget budget, DateTimeOffset now)
        {
            Budget = budget;
            var others = Others.In(budget.Period, now);
            if (ReferenceEquals(others, Others))
                return;
            (Others, Own, Taken) = (others, Spending.None, Spending.None);
        }

        /// <summary>The parts of what is to be stored.</summary>
        /// <param name="stored">What is stored now.</param>
        /// <param name="ahead">Whether more is written down than may be spent by now.</param>
        /// <param name="now">The time.</param>
        public (Spending Others, Spending Taken) SharesOf(Spending stored, bool ahead, DateTimeOffset now)
        {
            Begin(Budget!, now);
            var fresh = stored.In(Budget!.Period, now);
            var others = fresh with
            {
                NanoUsd = Math.Max(0, fresh.NanoUsd - Taken.NanoUsd),
                Tokens = Math.Max(0, fresh.Tokens - Taken.Tokens),
            };
            var own = ahead ? Own.Plus(Reserved.NanoUsd, Reserved.Tokens) : Own;
            if (!ahead)
                return (others, own);
            var more = others.Plus(own.NanoUsd, own.Tokens).Ahead(Budget);
            return (others, own.Plus(more.NanoUsd, more.Tokens));
        }
    }
}

/// <summary>What one call may spend of its client's budget, until it is disposed of.</summary>
internal sealed class Purse(Budgets budgets, Budgets.Account account, long reservedNanos, long reservedTokens) : IDisposable
{
    private int _isOver;

    /// <summary>Counts what was used, whether the call comes to an end or not.</summary>
    public void Charge(long nanoUsd, long tokens)
    {
        lock (account)
            account.Own = account.Own.Plus(nanoUsd, tokens);
    }

    /// <summary>Called before a caller gets the receipt of what was counted: it is written down then.</summary>
    /// <exception cref="StateNotWrittenException">It cannot be.</exception>
    public Task SettleAsync() => budgets.SettleAsync(account);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
            return;
        lock (account)
            account.Reserve(-reservedNanos, -reservedTokens, budgets.Now);
    }
}
