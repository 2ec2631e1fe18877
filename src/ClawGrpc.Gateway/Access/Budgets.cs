using System.Collections.Concurrent;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Access;

/// <summary>
/// What clients with a budget spend, kept across restarts. A call is let in while something is left after what the calls under
/// way may come to; so at most one call goes beyond the budget, unless upstream counts more than was estimated. More than is
/// spent is written down ahead: a server that is killed has lost nothing of what it counted.
/// </summary>
internal sealed class Budgets(IStateStore store, TimeProvider time) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Account> _accounts = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _writing = new(1);

    /// <summary>Reads what was spent before.</summary>
    /// <exception cref="StateUnreadableException">It cannot be read.</exception>
    public async Task LoadAsync()
    {
        foreach (var (client, spent) in await store.ReadSpendingAsync())
            _accounts[client] = new Account { Settled = spent, Written = spent };
    }

    /// <summary>What a client has spent in the period of now; null if it has no budget.</summary>
    public Spending? SpentBy(Client client)
    {
        if (client.Budget is not { } budget)
            return null;
        var account = AccountOf(client.Name);
        lock (account)
            return account.Settled.In(budget.Period, time.GetUtcNow());
    }

    /// <summary>Lets a call in, and keeps back what it may come to until it is over. Null: the client has no budget.</summary>
    /// <exception cref="RefusedException">BUDGET_EXCEEDED; or the model has no price and the budget is in dollars.</exception>
    /// <exception cref="StateNotWrittenException">It cannot be written down, so it must not be spent.</exception>
    public ValueTask<Purse?> OpenAsync(Client client, SpendingEstimate estimate, CancellationToken cancellation) =>
        client.Budget is { } budget ? OpenAsync(client.Name, budget, estimate, cancellation) : new((Purse?)null);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await WriteAsync(_ => true, static account => account.Settled, CancellationToken.None);
        }
        catch (Exception exception) when (exception is StateUnreadableException or StateNotWrittenException)
        {
            // What was written ahead counts then: more than was spent, and never less.
        }

        _writing.Dispose();
    }

    /// <summary>
    /// Writes down what was spent, if that is more than was written ahead: upstream counted more than was estimated.
    /// </summary>
    public async Task SettleAsync(Account account)
    {
        lock (account)
        {
            if (!account.Settled.Exceeds(account.Written))
                return;
        }

        await WriteAsync(IsBehind, static each => each.Expected.Ahead(each.Budget!), CancellationToken.None);
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
            var now = time.GetUtcNow();
            account.Budget = budget;
            account.Settled = account.Settled.In(budget.Period, now);
            if (account.Expected.UsesUp(budget))
                throw AccessRefusals.BudgetExceeded(client, budget, Spending.ResetOf(budget.Period, now), now).ToException();
            account.ReservedNanos += nanos;
            account.ReservedTokens += tokens;
            mustWrite = account.Expected.Exceeds(account.Written);
        }

        var purse = new Purse(this, account, nanos, tokens);
        try
        {
            if (mustWrite)
                await WriteAsync(IsBehind, static each => each.Expected.Ahead(each.Budget!), cancellation);
            return purse;
        }
        catch
        {
            purse.Dispose();
            throw;
        }
    }

    private static bool IsBehind(Account account) => account.Budget is not null && account.Expected.Exceeds(account.Written);

    // Of calls that wait for a write, the first one writes for all.
    private async Task WriteAsync(
        Func<Account, bool> isDue, Func<Account, Spending> amount, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            var due = new Dictionary<string, (Account Account, Spending Amount)>(StringComparer.Ordinal);
            foreach (var (client, account) in _accounts)
            {
                lock (account)
                {
                    if (isDue(account))
                        due[client] = (account, amount(account));
                }
            }

            if (due.Count == 0)
                return;
            await store.UpdateSpendingAsync(
                stored => stored.SetItems(due.Select(each => KeyValuePair.Create(each.Key, each.Value.Amount))), cancellation);
            foreach (var (account, written) in due.Values)
            {
                lock (account)
                    account.Written = written;
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    private Account AccountOf(string client) => _accounts.GetOrAdd(client, static _ => new Account());

    /// <summary>What one client has spent. Its own lock.</summary>
    internal sealed class Account
    {
        public ClientBudget? Budget { get; set; }

        public Spending Settled { get; set; } = Spending.None;

        public Spending Written { get; set; } = Spending.None;

        public long ReservedNanos { get; set; }

        public long ReservedTokens { get; set; }

        /// <summary>With what the calls under way may come to.</summary>
        public Spending Expected => Settled.Plus(ReservedNanos, ReservedTokens);
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
            account.Settled = account.Settled.Plus(nanoUsd, tokens);
    }

    /// <summary>Called before a caller gets the receipt of what was counted: it is written down then.</summary>
    /// <exception cref="StateNotWrittenException">It cannot be.</exception>
    public Task SettleAsync() => budgets.SettleAsync(account);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
            return;
        lock (account)
        {
            account.ReservedNanos -= reservedNanos;
            account.ReservedTokens -= reservedTokens;
        }
    }
}
