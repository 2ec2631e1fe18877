namespace ClawGrpc.Core.Access;

/// <summary>What a client has spent in one period of its budget.</summary>
/// <param name="From">When the period began.</param>
/// <param name="NanoUsd">Billionths of a US dollar; what has no price costs nothing.</param>
/// <param name="Tokens">Of input, output and cache together.</param>
internal sealed record Spending(DateTimeOffset From, long NanoUsd, long Tokens)
{
    /// <summary>Nothing, ever.</summary>
    public static readonly Spending None = new(DateTimeOffset.UnixEpoch, 0, 0);

    private const decimal NanosOfDollar = 1_000_000_000m;

    /// <summary>In US dollars.</summary>
    public decimal Usd => NanoUsd / NanosOfDollar;

    /// <summary>When the period of this moment began.</summary>
    public static DateTimeOffset StartOf(BudgetPeriod period, DateTimeOffset now)
    {
        var day = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        return period == BudgetPeriod.Month ? day.AddDays(1 - day.Day) : day;
    }

    /// <summary>When the next period begins.</summary>
    public static DateTimeOffset ResetOf(BudgetPeriod period, DateTimeOffset now)
    {
        var start = StartOf(period, now);
        return period == BudgetPeriod.Month ? start.AddMonths(1) : start.AddDays(1);
    }

    /// <summary>The same in the period of this moment: nothing if that is a later one.</summary>
    public Spending In(BudgetPeriod period, DateTimeOffset now)
    {
        var start = StartOf(period, now);

        // A clock that was set back does not give a budget back.
        return From >= start ? this : new Spending(start, 0, 0);
    }

    public Spending Plus(long nanoUsd, long tokens) => this with { NanoUsd = NanoUsd + nanoUsd, Tokens = Tokens + tokens };

    /// <summary>Whether nothing of a budget is left.</summary>
    public bool UsesUp(ClientBudget budget) => Usd >= budget.Usd || Tokens >= budget.Tokens;

    /// <summary>Whether some of it that the budget limits is more than in the other one.</summary>
    public bool Exceeds(Spending other, ClientBudget budget) =>
        (budget.Usd is not null && NanoUsd > other.NanoUsd) || (budget.Tokens is not null && Tokens > other.Tokens);

    /// <summary>
    /// How much more is written down ahead, so that not every call waits for the disk: a fiftieth of the budget, and at most a
    /// tenth of what is left of it, which other servers spend from too. A server that is killed counts it as spent.
    /// </summary>
    public Spending Ahead(ClientBudget budget)
    {
        var (nanos, tokens) = ((long)((budget.Usd ?? 0) * NanosOfDollar), budget.Tokens ?? 0);
        return new Spending(From, More(nanos, NanoUsd), More(tokens, Tokens));

        static long More(long whole, long spent) => Math.Clamp((whole - spent) / 10, 0, whole / 50);
    }
}

/// <summary>What a completion may come to, for the budget of its client.</summary>
/// <param name="NanoUsd">Billionths of a US dollar; null if the model has no price.</param>
/// <param name="Tokens">Of input and output.</param>
internal readonly record struct SpendingEstimate(long? NanoUsd, long Tokens);
