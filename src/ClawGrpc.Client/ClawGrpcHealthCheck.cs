using ClawGrpc.V1;
using Grpc.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ClawGrpc.Client;

/// <summary>Whether the server answers, and whether an agent has a credential that can serve.</summary>
/// <remarks>A failure if the server does not answer, or if the provider of a model in use has no credential; degraded while every
/// profile of the agent is set aside; else healthy. Nothing is sent to Anthropic.</remarks>
/// <param name="client">The generated client to call.</param>
/// <param name="agentId">The agent; empty for the default agent.</param>
public sealed class ClawGrpcHealthCheck(ModelService.ModelServiceClient client, string agentId = "") : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc />
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            var request = new GetStatusRequest { AgentId = agentId };
            var response = await client.GetStatusAsync(
                request, deadline: DateTime.UtcNow + Patience, cancellationToken: cancellationToken);
            return Judge(response.Status, context.Registration.FailureStatus);
        }
        catch (RpcException exception)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, exception.Status.Detail, exception);
        }
    }

    private static HealthCheckResult Judge(AgentStatus status, HealthStatus failure)
    {
        var aside = status.Auth.UnusableProfiles.Where(each => each.Model.Length == 0).Select(each => each.ProfileId).ToHashSet();
        var data = new Dictionary<string, object>
        {
            ["agent_id"] = status.AgentId,
            ["revision"] = status.Revision,
            ["profiles"] = status.Auth.Profiles.Count,
            ["set_aside"] = aside.Count,
        };
        if (status.Auth.MissingProvidersInUse.Count > 0)
        {
            var missing = string.Join(", ", status.Auth.MissingProvidersInUse);
            return new HealthCheckResult(failure, $"No credential for {missing}.", data: data);
        }

        return status.Auth.Profiles.Count > 0 && status.Auth.Profiles.All(profile => aside.Contains(profile.ProfileId))
            ? HealthCheckResult.Degraded("Every profile is set aside.", data: data)
            : HealthCheckResult.Healthy(data: data);
    }
}
