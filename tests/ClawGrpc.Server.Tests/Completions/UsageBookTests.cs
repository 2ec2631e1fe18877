using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>What completions used, by day, client, agent, profile and model, across restarts.</summary>
public class UsageBookTests
{
    private static readonly UsageDimension[] Everything =
        [UsageDimension.Day, UsageDimension.Client, UsageDimension.Agent, UsageDimension.Profile, UsageDimension.Model];

    [Fact]
    public async Task Usage_is_counted_at_once_and_outlives_a_restart()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync("ci", [Scope.Complete, Scope.Status]);
        var first = await CompleteAsync(fixture, token.Headers);
        await CompleteAsync(fixture, null);
        fixture.Time.Advance(TimeSpan.FromDays(1));
        await CompleteAsync(fixture, token.Headers);
        var before = await fixture.Models.GetUsageAsync(new GetUsageRequest { Dimensions = { Everything } });
        Assert.Equal(
            [("ci", 1), ("local", 1), ("ci", 1)], before.Rows.Select(row => (row.Client, (int)row.Counters.Completions)));
        Assert.Equal(2, before.Rows.DistinctBy(row => row.Day).Count());
        var row = before.Rows[0];
        Assert.Equal(
            ("main", Credentials.One, "anthropic/claude-opus-4-6", first.Usage.InputTokens, first.Cost.TotalNanoUsd),
            (row.AgentId, row.ProfileId, row.Model, row.Counters.InputTokens, row.Counters.CostNanoUsd));
        Assert.Equal((3, 3 * first.Cost.TotalNanoUsd), (before.Total.Completions, before.Total.CostNanoUsd));

        await fixture.RestartServerAsync();
        Assert.Equal(before, await fixture.Models.GetUsageAsync(new GetUsageRequest { Dimensions = { Everything } }));
        await CompleteAsync(fixture, null);
        var total = (await fixture.Models.GetUsageAsync(new GetUsageRequest())).Total;
        Assert.Equal(4, total.Completions);
    }

    [Fact]
    public async Task Usage_is_written_within_five_seconds()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await CompleteAsync(fixture, null);
        var folder = Path.Join(fixture.Files.Path, "clawgrpc-usage");
        Assert.False(Directory.Exists(folder));
        await fixture.Time.PassAsync(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        var file = Path.Join(folder, $"{fixture.Time.GetUtcNow():yyyy-MM}.json");
        await ServerFixture.EventuallyAsync(() => Task.FromResult(File.Exists(file)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Old_months_are_forgotten()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await CompleteAsync(fixture, null);
        fixture.Time.Advance(TimeSpan.FromDays(500));
        await CompleteAsync(fixture, null);
        await fixture.RestartServerAsync();
        Assert.Equal(1, (await fixture.Models.GetUsageAsync(new GetUsageRequest())).Total.Completions);
        Assert.Single(Directory.GetFiles(Path.Join(fixture.Files.Path, "clawgrpc-usage")));
    }

    [Fact]
    public async Task Client_sees_its_own_agents_and_no_other_names()
    {
        await using var fixture = await ServerFixture.StartAsync("agents: { list: [{ id: 'main' }, { id: 'work' }] }");
        await fixture.OnboardAsync();
        await fixture.OnboardAsync(agent: "work");
        var token = await fixture.AddClientAsync(
            "ci", [Scope.Complete, Scope.Status], client => client.Agents.Add("main"));
        await CompleteAsync(fixture, token.Headers);
        await CompleteAsync(fixture, null);
        await CompleteAsync(fixture, null, "work");
        var seen = await fixture.Models.GetUsageAsync(new GetUsageRequest { Dimensions = { Everything } }, token.Headers);
        Assert.Equal([("", "main"), ("ci", "main")], seen.Rows.Select(row => (row.Client, row.AgentId)));
        var refused = await CallFailure.OfAsync(async () => await fixture.Models.GetUsageAsync(
            new GetUsageRequest { AgentId = "work" }, token.Headers));
        Assert.Equal((StatusCode.PermissionDenied, "AGENT_NOT_PERMITTED"), (refused.Code, refused.Reason));
    }

    [Fact]
    public async Task Broken_file_is_reported_and_left_as_it_is()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var path = Path.Join(fixture.Files.Path, "clawgrpc-usage", $"{fixture.Time.GetUtcNow():yyyy-MM}.json");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, "{ \"version\": 1, ");
        await CompleteAsync(fixture, null);
        var failed = await CallFailure.OfAsync(async () => await fixture.Models.GetUsageAsync(new GetUsageRequest()));
        Assert.Equal("STATE_UNREADABLE", failed.Reason);
        Assert.Contains(path, failed.Message, StringComparison.Ordinal);
        Assert.Equal("{ \"version\": 1, ", await File.ReadAllTextAsync(path));
        File.Delete(path);
        Assert.Equal(1, (await fixture.Models.GetUsageAsync(new GetUsageRequest())).Total.Completions);
    }

    [Fact]
    public async Task Pages_hold_all_rows()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        foreach (var _ in Enumerable.Range(0, 3))
        {
            await CompleteAsync(fixture, null);
            fixture.Time.Advance(TimeSpan.FromDays(1));
        }

        var request = new GetUsageRequest { Dimensions = { UsageDimension.Day }, PageSize = 2 };
        var page = await fixture.Models.GetUsageAsync(request);
        request.PageToken = page.NextPageToken;
        var last = await fixture.Models.GetUsageAsync(request);
        Assert.Equal((2, 1, "", 3), (page.Rows.Count, last.Rows.Count, last.NextPageToken, last.Total.Completions));
    }

    [Theory]
    [InlineData("first_day", "2026-2-8")]
    [InlineData("last_day", "today")]
    [InlineData("page_token", "x")]
    public async Task Wrong_fields_are_refused(string field, string value)
    {
        await using var fixture = await ServerFixture.StartAsync();
        var request = new GetUsageRequest();
        GetUsageRequest.Descriptor.FindFieldByName(field).Accessor.SetValue(request, value);
        var refused = await CallFailure.OfAsync(async () => await fixture.Models.GetUsageAsync(request));
        Assert.Equal((StatusCode.InvalidArgument, field), (refused.Code, refused.Facts["field"]));
    }

    private static async Task<Receipt> CompleteAsync(ServerFixture fixture, Metadata? headers, string agent = "") =>
        (await fixture.Models.CompleteAsync(
            new CompleteRequest { Input = Prompts.Input(with: input => input.AgentId = agent) }, headers)).Receipt;
}
