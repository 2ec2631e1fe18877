using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>A client with a budget, and what receipts have told of its use.</summary>
internal sealed class BudgetSpending(string secret)
{
    private static readonly ClientBudget Budget = new() { Tokens = 1_000_000, Usd = 1_000, Period = BudgetPeriod.Month };
    private readonly Lock _adding = new();
    private long _tokens;
    private long _nanoUsd;
    private Timestamp? _reset;
    private int _starts;

    public static async Task<BudgetSpending> AddAsync(ChannelBase channel, string name)
    {
        var access = new AccessService.AccessServiceClient(channel);
        var client = new V1.Client { Name = name, Scopes = { Scope.Complete }, Agents = { "*" }, Budget = Budget };
        await access.AddClientAsync(new AddClientRequest { Client = client });
        return new BudgetSpending((await access.CreateTokenAsync(new CreateTokenRequest { Client = name })).Secret);
    }

    public async Task SpendAsync(ChannelBase channel)
    {
        var prompt = ByteString.CopyFromUtf8("""{"max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}""");
        var request = new CompleteRequest { Input = new CompletionInput { MessagesJson = prompt } };
        var receipt = (await new ModelService.ModelServiceClient(channel).CompleteAsync(request, Headers())).Receipt;
        lock (_adding)
        {
            var usage = receipt.Usage;
            _tokens += usage.InputTokens + usage.OutputTokens + usage.CacheCreationInputTokens + usage.CacheReadInputTokens;
            _nanoUsd += receipt.Cost.TotalNanoUsd;
        }
    }

    /// <summary>Nothing that a receipt has told is forgotten, and no more is counted than each kill may cost.</summary>
    public async Task AssertKeptAsync(ChannelBase channel)
    {
        var access = new AccessService.AccessServiceClient(channel);
        var use = (await access.WhoAmIAsync(new WhoAmIRequest(), Headers())).Client.BudgetUse;
        if (use.ResetTime != _reset)
            (_reset, _tokens, _nanoUsd, _starts) = (use.ResetTime, 0, 0, 0);
        var ahead = (Tokens: _starts * ((Budget.Tokens / 50) + 10_000), Usd: _starts++ * ((Budget.Usd / 50) + 10));
        Assert.InRange(use.Tokens, _tokens, _tokens + ahead.Tokens);
        var spent = _nanoUsd / 1e9;
        Assert.InRange(use.Usd, spent - 1e-8, spent + ahead.Usd);
    }

    private Metadata Headers() => new() { { "authorization", $"Bearer {secret}" } };
}
