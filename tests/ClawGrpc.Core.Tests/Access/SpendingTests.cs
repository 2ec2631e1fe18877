using System.Collections.Immutable;
using ClawGrpc.Core.Access;
using CsCheck;

namespace ClawGrpc.Core.Tests.Access;

public class SpendingTests
{
    private static readonly ClientBudget OneDollar = new(1, null, BudgetPeriod.Day);

    [Theory]
    [InlineData(BudgetPeriod.Day, "2026-02-08T23:59:59Z", "2026-02-08T00:00:00Z", "2026-02-09T00:00:00Z")]
    [InlineData(BudgetPeriod.Day, "2026-12-31T00:00:00Z", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData(BudgetPeriod.Month, "2026-01-31T12:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")]
    [InlineData(BudgetPeriod.Month, "2024-02-29T12:00:00+14:00", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z")]
    public void Periods_are_those_of_UTC(object period, string now, string start, string reset)
    {
        var time = DateTimeOffset.Parse(now);
        Assert.Equal(DateTimeOffset.Parse(start), Spending.StartOf((BudgetPeriod)period, time));
        Assert.Equal(DateTimeOffset.Parse(reset), Spending.ResetOf((BudgetPeriod)period, time));
    }

    [Fact]
    public void Budget_begins_anew_and_never_goes_back()
    {
        var day = new DateTimeOffset(2026, 2, 8, 0, 0, 0, TimeSpan.Zero);
        var spent = new Spending(day, 2_000_000_000, 5);
        Assert.True(spent.In(BudgetPeriod.Day, day.AddHours(23)).UsesUp(OneDollar));
        Assert.False(spent.In(BudgetPeriod.Day, day.AddHours(24)).UsesUp(OneDollar));
        Assert.True(spent.In(BudgetPeriod.Day, day.AddHours(-5)).UsesUp(OneDollar));
    }

    [Theory]
    [InlineData(999_999_999, 0, false)]
    [InlineData(1_000_000_000, 0, true)]
    [InlineData(0, 99, false)]
    [InlineData(0, 100, true)]
    public void Either_limit_ends_a_budget(long nanos, long tokens, bool isUsedUp) => Assert.Equal(
        isUsedUp, new Spending(DateTimeOffset.UnixEpoch, nanos, tokens).UsesUp(new ClientBudget(1, 100, BudgetPeriod.Day)));

    [Fact]
    public void Document_keeps_every_digit() => Gen.Select(
        Gen.String[Gen.Char.AlphaNumeric, 1, 20], Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue]).Sample(
        (client, nanos, tokens) =>
        {
            var spent = ImmutableDictionary.Create<string, Spending>(StringComparer.Ordinal)
                .Add(client, new Spending(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero), nanos, tokens));
            Assert.Equal(spent, SpendingDocument.Read(SpendingDocument.Write(spent)).Spent!);
        });

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"clients":{"ci":{"from":1,"nanoUsd":-1,"tokens":0}}}""")]
    [InlineData("""{"clients":{"ci":{"from":1,"nanoUsd":1.5,"tokens":0}}}""")]
    [InlineData("""{"clients":{"ci":3}}""")]
    [InlineData("""{"version":2,"clients":{}}""")]
    public void Damaged_document_is_refused(string text) => Assert.NotNull(SpendingDocument.Read(text).Error);
}
