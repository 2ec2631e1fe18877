using System.Collections.Immutable;
using ClawGrpc.Core.Accounting;

namespace ClawGrpc.Core.Tests.Accounting;

public class UsageTests
{
    private static readonly DateOnly Monday = new(2026, 2, 9);
    private static readonly DateOnly Tuesday = new(2026, 2, 10);

    private static readonly ImmutableDictionary<UsageKey, UsageCounters> Rows = ImmutableDictionary.CreateRange(
    [
        Row(Monday, "ci", "main", "one", 1),
        Row(Monday, "ci", "main", "two", 2),
        Row(Tuesday, "ci", "main", "one", 4),
        Row(Tuesday, "desk", "work", "one", 8),
    ]);

    [Fact]
    public void Text_reads_back_as_it_was() =>
        Assert.Equal(Rows.OrderBy(row => $"{row}"), UsageDocument.Read(UsageDocument.Write(Rows)).Rows!.OrderBy(row => $"{row}"));

    [Theory]
    [InlineData("[]", 1, 1)]
    [InlineData("{ \"version\": 2, \"rows\": [] }", 1, 14)]
    [InlineData("{ \"version\": 1 }", 1, 1)]
    [InlineData("{ \"version\": 1, \"rows\": [\n{ \"day\": \"2026-02-30\" }] }", 2, 1)]
    [InlineData("{ \"version\": 1, \"rows\": [ }", 1, 27)]
    public void Text_of_another_form_is_refused_with_its_place(string text, int line, int column)
    {
        var (rows, error) = UsageDocument.Read(text);
        Assert.Null(rows);
        Assert.Equal((line, column), (error!.Line, error.Column));
    }

    [Fact]
    public void Report_sums_up_what_it_does_not_tell_apart()
    {
        var report = UsageReport.Of(Rows, All, UsageDimensions.Day | UsageDimensions.Client);
        Assert.Equal(
            [(Monday, "ci", 3), (Tuesday, "ci", 4), (Tuesday, "desk", 8)],
            report.Rows.Select(row => (row.Key.Day, row.Key.Client, row.Value.Completions)));
        Assert.All(report.Rows, row => Assert.Equal(("", "", ""), (row.Key.Agent, row.Key.Profile, row.Key.Model)));
        Assert.Equal(new UsageCounters(15, 0, 150, 0, 0, 0, 1500), report.Total);
    }

    [Fact]
    public void Filter_selects_days_agents_and_clients()
    {
        Assert.Equal(3, UsageReport.Of(Rows, All with { To = Monday }, UsageDimensions.None).Total.Completions);
        Assert.Equal(12, UsageReport.Of(Rows, All with { From = Tuesday }, UsageDimensions.None).Total.Completions);
        Assert.Equal(8, UsageReport.Of(Rows, All with { Agent = "work" }, UsageDimensions.None).Total.Completions);
        Assert.Equal(7, UsageReport.Of(Rows, All with { Client = "ci" }, UsageDimensions.None).Total.Completions);
    }

    [Fact]
    public void Caller_sees_its_own_agents_and_no_name_but_its_own()
    {
        var own = All with { OwnName = "desk", MayUse = agent => agent == "main" };
        var report = UsageReport.Of(Rows, own, UsageDimensions.Client | UsageDimensions.Agent);
        Assert.Equal([("", "main", 7)], report.Rows.Select(row => (row.Key.Client, row.Key.Agent, row.Value.Completions)));
        Assert.Empty(UsageReport.Of(Rows, own with { Client = "ci" }, UsageDimensions.None).Rows);
    }

    private static UsageFilter All => new(DateOnly.MinValue, DateOnly.MaxValue) { MayUse = _ => true };

    private static KeyValuePair<UsageKey, UsageCounters> Row(
        DateOnly day, string client, string agent, string profile, int count) => KeyValuePair.Create(
        new UsageKey(day, client, agent, profile, "anthropic/m"),
        new UsageCounters(count, 0, 10 * count, 0, 0, 0, 100 * count));
}
