using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>Clients with a budget, one after the other, whose completions alone reach upstream; each comes to the same.</summary>
internal sealed class BudgetSpending(Sandbox sandbox)
{
    private static readonly ClientBudget Budget = new() { Tokens = 2_000, Usd = 1, Period = BudgetPeriod.Month };

    // Of calls under way, at most.
    private const int Reserved = 2 * 200;
    private Receipt? _receipt;
    private string _secret = "";
    private Timestamp? _reset;
    private int _before;

    /// <summary>Adds the next client.</summary>
    public async Task BeginAsync(ChannelBase channel, string name)
    {
        var access = new AccessService.AccessServiceClient(channel);
        var client = new V1.Client { Name = name, Scopes = { Scope.Complete }, Agents = { "*" }, Budget = Budget };
        await access.AddClientAsync(new AddClientRequest { Client = client });
        _secret = (await access.CreateTokenAsync(new CreateTokenRequest { Client = name })).Secret;
        (_reset, _before) = ((await UseAsync(access)).ResetTime, sandbox.Requests.Count);
    }

    public async Task SpendAsync(ChannelBase channel)
    {
        var prompt = ByteString.CopyFromUtf8("""{"max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}""");
        var request = new CompleteRequest { Input = new CompletionInput { MessagesJson = prompt } };
        _receipt = (await new ModelService.ModelServiceClient(channel).CompleteAsync(request, Headers())).Receipt;
    }

    /// <summary>Nothing that upstream was asked for is forgotten, and no more is counted than a kill may cost.</summary>
    public async Task AssertKeptAsync(ChannelBase channel)
    {
        // A month may have ended meanwhile.
        var use = await UseAsync(new AccessService.AccessServiceClient(channel));
        if (_receipt is not { Usage: var usage, Cost: var cost } || !use.ResetTime.Equals(_reset))
            return;
        var asked = sandbox.Requests.Count - _before;
        var tokens = asked * (usage.InputTokens + usage.OutputTokens);
        Assert.InRange(use.Tokens, tokens, tokens + (Budget.Tokens / 50) + Reserved);
        var usd = asked * cost.TotalNanoUsd / 1e9;
        Assert.InRange(use.Usd, usd - 1e-8, usd + (Budget.Usd / 50) + 0.1);
    }

    private async Task<BudgetUse> UseAsync(AccessService.AccessServiceClient access) =>
        (await access.WhoAmIAsync(new WhoAmIRequest(), Headers())).Client.BudgetUse;

    private Metadata Headers() => new() { { "authorization", $"Bearer {_secret}" } };
}
