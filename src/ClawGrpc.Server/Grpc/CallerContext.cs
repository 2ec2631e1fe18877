using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Agents;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace ClawGrpc.Server.Grpc;

/// <summary>The caller of an RPC.</summary>
internal static class CallerContext
{
    /// <summary>The call, as it is known to those who may end it.</summary>
    public static LiveCall Call(this ServerCallContext context) =>
        context.GetHttpContext().Features.GetRequiredFeature<LiveCall>();

    /// <summary>What writes of an answer wait by: <see cref="LiveCall.Writing"/>.</summary>
    public static CancellationToken Writing(this ServerCallContext context) => context.Call().Writing;

    public static Caller Caller(this ServerCallContext context) => context.Call().Caller;

    /// <summary>The agent of an id, if the caller may use it.</summary>
    /// <param name="fleet">The agents.</param>
    /// <param name="agentId">Empty: the default one.</param>
    /// <param name="context">The call.</param>
    /// <exception cref="Gateway.RefusedException">AGENT_NOT_PERMITTED, AGENT_NOT_FOUND.</exception>
    public static async Task<Agent> FindAsync(this Fleet fleet, string agentId, ServerCallContext context)
    {
        var call = context.Call();
        var agent = await fleet.FindAsync(call.Caller, agentId);
        call.Use(agent.Id);
        return agent;
    }
}
