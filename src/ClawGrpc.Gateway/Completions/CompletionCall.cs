using System.Globalization;
using ClawGrpc.Core;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Agent = ClawGrpc.Gateway.Agents.Agent;

namespace ClawGrpc.Gateway.Completions;

/// <summary>A question to upstream that was checked and may be tried.</summary>
/// <param name="Agent">Whose credentials serve.</param>
/// <param name="Setup">The configuration, as it was when the call came.</param>
/// <param name="Question">Which routes.</param>
/// <param name="SessionId">Empty: none.</param>
internal record Call(Agent Agent, AgentSetup Setup, RouteQuestion Question, string SessionId)
{
    public Receipt NewReceipt(DateTimeOffset start) => new()
    {
        CompletionId = NewId(start),
        AgentId = Agent.Id,
        SessionId = SessionId,
        Model = $"{Provider.Anthropic}/{Question.Models[0]}",
        StartTime = Timestamp.FromDateTimeOffset(start),
        StatusRevision = Agent.Feed.Current.Number,
    };

    // A UUID of version 7. Nobody guesses at it for gain, and the system's own random numbers cost a call of the kernel each.
    private static string NewId(DateTimeOffset start)
    {
        var high = (start.ToUnixTimeMilliseconds() << 16) | 0x7000 | Random.Shared.NextInt64(0x1000);
        var low = (1L << 63) | Random.Shared.NextInt64(1L << 62);
        return string.Create(CultureInfo.InvariantCulture, $"cmpl_{high:x16}{low:x16}");
    }
}

/// <summary>A call about a prompt.</summary>
/// <param name="Agent">Whose credentials serve.</param>
/// <param name="Setup">The configuration, as it was when the call came.</param>
/// <param name="Question">Which routes.</param>
/// <param name="SessionId">Empty: none.</param>
/// <param name="Kitchen">Makes the requests.</param>
internal sealed record CompletionCall(Agent Agent, AgentSetup Setup, RouteQuestion Question, string SessionId, RequestKitchen Kitchen)
    : Call(Agent, Setup, Question, SessionId);
