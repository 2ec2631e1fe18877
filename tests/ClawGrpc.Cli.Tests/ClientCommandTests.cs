using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw clients</c> without the tokens.</summary>
public sealed class ClientCommandTests : IAsyncLifetime
{
    private static readonly string[] AddEverything =
    [
        "clients", "add", "ci", "--scope", "complete", "--scope", "Status", "--for-agent", "main", "--for-agent", "work",
        "--model", "anthropic/claude-haiku-4-5", "--unix-user", "1001", "--unix-group", "2001", "--certificate", "dns:ci.example",
        "--subject", "https://issuer.example system:serviceaccount:ci:* env=prod", "--requests-per-minute", "60",
        "--completions", "4", "--watchers", "2", "--megabytes", "16", "--budget-usd", "2.5", "--budget-tokens", "100000",
        "--budget-period", "month",
    ];

    private readonly Terminal _terminal = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        _terminal.Script.On<AddClientRequest>(request => new AddClientResponse { Client = request.Client });
        _terminal.Script.On<UpdateClientRequest>(request => new UpdateClientResponse { Client = request.Client });
        _terminal.Script.On<RemoveClientRequest>(_ => new RemoveClientResponse());
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Add_sends_what_the_options_say()
    {
        Golden.Matches("text/client-added.txt", (await _terminal.ClawAsync(AddEverything)).Out);
        Assert.Equal(Everything(), _terminal.Script.Single<AddClientRequest>().Client);
        Golden.Matches("text/client-added.json", (await _terminal.ClawAsync([.. AddEverything, "--json"])).Out);
    }

    [Fact]
    public async Task List_and_show_print_clients_and_their_tokens()
    {
        HasClients();
        Golden.Matches("text/clients.txt", (await _terminal.ClawAsync("clients", "list")).Out);
        Golden.Matches("text/clients.json", (await _terminal.ClawAsync("clients", "list", "--json")).Out);
        Golden.Matches("text/client.txt", (await _terminal.ClawAsync("clients", "show", "ci")).Out);
        Assert.StartsWith("{", (await _terminal.ClawAsync("clients", "show", "ci", "--json")).Out, StringComparison.Ordinal);
        Assert.Equal(
            new Run(1, "", "Error: Unknown client \"cd\". Use \"claw clients list\" to see the clients.\n"),
            await _terminal.ClawAsync("clients", "show", "cd"));
    }

    [Fact]
    public async Task List_reads_every_page()
    {
        _terminal.Script.On<ListClientsRequest>(request => request.PageToken.Length == 0
            ? new ListClientsResponse { Clients = { new V1.Client { Name = "a" } }, NextPageToken = "a" }
            : new ListClientsResponse { Clients = { new V1.Client { Name = "b" } } });
        var run = await _terminal.ClawAsync("clients", "list");
        Assert.Contains("- a\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("- b\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Update_keeps_what_it_does_not_name()
    {
        HasClients();
        await _terminal.ClawAsync(
            "clients", "update", "ci", "--scope", "status", "--model", "", "--unix-user", "1002", "--unix-user", "1003",
            "--watchers", "0", "--budget-usd", "0", "--budget-tokens", "0");
        var expected = Everything();
        expected.Scopes.Clear();
        expected.Scopes.Add(Scope.Status);
        expected.Models.Clear();
        expected.Bindings.RemoveAt(0);
        expected.Bindings.Add(new ClientBinding { UnixUser = 1002 });
        expected.Bindings.Add(new ClientBinding { UnixUser = 1003 });
        expected.Limits.Watchers = 0;
        expected.Budget = null;
        Assert.Equal(expected, _terminal.Script.Single<UpdateClientRequest>().Client);

        await _terminal.ClawAsync("clients", "update", "ci", "--all-agents");
        Assert.Equal(["*"], _terminal.Script.Requests.OfType<UpdateClientRequest>().Last().Client.Agents);
    }

    [Theory]
    [InlineData("--scope is one of complete, status, onboard and admin, not \"all\".", "--scope", "all")]
    [InlineData("--scope is one of complete, status, onboard and admin, not \"unspecified\".", "--scope", "unspecified")]
    [InlineData("Choose either --for-agent or --all-agents, not both.", "--for-agent", "main", "--all-agents")]
    [InlineData("--unix-user no such: there is none of this name on this machine.", "--unix-user", "no such")]
    [InlineData("--unix-group no such: there is none of this name on this machine.", "--unix-group", "no such")]
    [InlineData("--subject takes one argument of two words: 'ISSUER SUBJECT'.", "--subject", "https://issuer.example")]
    [InlineData("--subject: after the subject come claims as CLAIM=VALUE, not \"c\".", "--subject", "a b c")]
    [InlineData("--budget-period is one of day and month, not \"year\".", "--budget-period", "year")]
    [InlineData("--budget-period takes --budget-usd or --budget-tokens.", "--budget-period", "day")]
    public async Task Wrong_option_is_refused_before_anything_is_sent(string error, params string[] options)
    {
        Assert.Equal(new Run(1, "", $"Error: {error}\n"), await _terminal.ClawAsync(["clients", "add", "ci", .. options]));
        Assert.Empty(_terminal.Script.Requests);
    }

    [Fact]
    public async Task Update_of_nothing_is_refused()
    {
        Assert.Equal(
            new Run(1, "", "Error: Nothing to update. Name what is to be replaced, such as --scope.\n"),
            await _terminal.ClawAsync("clients", "update", "ci"));
        Assert.Empty(_terminal.Script.Requests);
    }

    [Fact]
    public async Task Users_and_groups_have_the_numbers_of_this_machine()
    {
        await _terminal.ClawAsync("clients", "add", "ci", "--unix-user", "root", "--unix-group", "root");
        Assert.Equal(
            [new ClientBinding { UnixUser = 0 }, new ClientBinding { UnixGroup = 0 }],
            _terminal.Script.Single<AddClientRequest>().Client.Bindings);
    }

    [Fact]
    public async Task Remove_asks_or_takes_yes()
    {
        Assert.Equal(
            new Run(1, "",
                "Error: Refusing to remove client ci without confirmation. Pass --yes to remove it non-interactively.\n"),
            await _terminal.ClawAsync("clients", "remove", "ci"));
        Assert.Empty(_terminal.Script.Requests);
        Assert.Equal(new Run(0, "Removed client: ci\n", ""), await _terminal.ClawAsync("clients", "remove", "ci", "--yes"));
        Assert.Equal("ci", _terminal.Script.Single<RemoveClientRequest>().Name);
        var json = await _terminal.ClawAsync("clients", "remove", "ci", "--yes", "--json");
        Assert.Equal("{\n  \"removed\": \"ci\"\n}\n", json.Out);
    }

    [Fact]
    public async Task Refusal_of_the_server_is_printed_as_it_comes()
    {
        _terminal.Script.On<AddClientRequest>(_ => throw Script.Failure(
            StatusCode.PermissionDenied, ErrorReason.ScopeMissing, "Client \"ci\" may not do this: it takes the scope admin."));
        Assert.Equal(
            new Run(1, "", "Error: Client \"ci\" may not do this: it takes the scope admin.\n"),
            await _terminal.ClawAsync("clients", "add", "cd", "--scope", "admin", "--all-agents"));
    }

    private static V1.Client Everything() => new()
    {
        Name = "ci",
        Scopes = { Scope.Complete, Scope.Status },
        Agents = { "main", "work" },
        Models = { "anthropic/claude-haiku-4-5" },
        Bindings =
        {
            new ClientBinding { UnixUser = 1001 }, new ClientBinding { UnixGroup = 2001 },
            new ClientBinding { Certificate = "dns:ci.example" },
            new ClientBinding
            {
                Subject = new JwtSubject
                {
                    Issuer = "https://issuer.example", Subject = "system:serviceaccount:ci:*", Claims = { ["env"] = "prod" },
                },
            },
        },
        Limits = new ClientLimits { RequestsPerMinute = 60, Completions = 4, Watchers = 2, Megabytes = 16 },
        Budget = new ClientBudget { Usd = 2.5, Tokens = 100_000, Period = BudgetPeriod.Month },
    };

    private void HasClients()
    {
        var now = _terminal.Time.GetUtcNow();
        Timestamp In(double days) => Timestamp.FromDateTimeOffset(now.AddDays(days));

        var ci = Everything();
        ci.CreateTime = In(-3);
        ci.Tokens.Add(new ClientToken { TokenId = "abcdefghijkl", CreateTime = In(-3), ExpireTime = In(87) });
        ci.Tokens.Add(new ClientToken
        {
            TokenId = "mnopqrstuvwx",
            Label = "laptop",
            AgentId = "main",
            SessionId = "tour",
            CreateTime = In(-3),
            GraceExpireTime = In(0.5),
            LastUseTime = In(-0.25),
        });
        ci.Tokens.Add(new ClientToken { TokenId = "234567abcdef", CreateTime = In(-3), ExpireTime = In(-1) });
        var team = new V1.Client { Name = "team", Scopes = { Scope.Admin }, Agents = { "*" }, Configured = true };
        _terminal.Script.On<ListClientsRequest>(_ => new ListClientsResponse { Clients = { ci.Clone(), team } });
    }
}
