using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// Asks upstream whether it takes a credential that is not stored, by a count of tokens, which is free of charge. Changes no
/// health.
/// </summary>
internal sealed class CredentialCheck(AnthropicApi upstream, AgentSetups setups, TimeProvider time)
{
    private static readonly ReadOnlyMemory<byte> Prompt = """{"messages":[{"role":"user","content":"Hello"}]}"""u8.ToArray();

    /// <summary>Why upstream did not take the credential; null if it did.</summary>
    public async Task<Refusal?> RunAsync(Agent agent, Secret credential, CancellationToken cancellation)
    {
        var setup = setups.Of(agent.Id);
        var request = new CompletionRequest { Caller = Caller.Server, AgentId = agent.Id, Body = Prompt };
        var body = RequestBody.Parse(Prompt, AnthropicVersion.Default, out _)!;
        var count = new RequestFactory(body, request, setup).PrepareCount(setup.Models.Default.Model, credential);
        using var patience = new Patience(time, cancellation);
        return await upstream.FetchAsync(count, TokenCount.Read, setup.FirstEvent, patience) switch
        {
            AttemptResult<TokenCount>.Served => null,
            AttemptResult<TokenCount>.Failed { Failure: var failure } =>
                new Refusal(failure.End.Reason, failure.End.Code, $"{Verdict(failure)}: {failure.Message}")
                {
                    Failure = failure.Kind,
                    HttpStatus = failure.End.HttpStatus,
                    RetryAfter = failure.End.Code == RefusalCode.Unavailable ? TimeSpan.FromSeconds(1) : null,
                }.With("http_status", failure.Status > 0 ? $"{failure.Status}" : null).With("request_id", failure.RequestId),
            _ => throw new OperationCanceledException(cancellation),
        };
    }

    private static string Verdict(UpstreamFailure failure) =>
        failure.Status > 0 ? "Anthropic did not take it" : "Anthropic could not be asked";
}
