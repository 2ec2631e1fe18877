using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the clients of ClawGrpc for dependency injection.</summary>
public static class ClawGrpcServiceCollectionExtensions
{
    /// <summary>Registers <c>ModelServiceClient</c>, <c>AuthServiceClient</c>, <c>AccessServiceClient</c> and
    /// <see cref="StatusWatch"/>, all over one channel, which connects with the first call and ends with the
    /// container.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="configure">Sets the options; null for what the environment says.</param>
    public static IServiceCollection AddClawGrpcClient(
        this IServiceCollection services, Action<ClawGrpcOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<ClawGrpcOptions>();
        if (configure is not null)
            services.Configure(configure);
        services.TryAddSingleton<SharedChannel>();
        services.TryAddSingleton(provider => new ModelService.ModelServiceClient(ChannelOf(provider)));
        services.TryAddSingleton(provider => new AuthService.AuthServiceClient(ChannelOf(provider)));
        services.TryAddSingleton(provider => new AccessService.AccessServiceClient(ChannelOf(provider)));
        services.TryAddSingleton(
            provider => new StatusWatch(provider.GetRequiredService<ModelService.ModelServiceClient>()));
        return services;
    }

    /// <summary>Adds a health check of the server and its credentials, which takes the scope <c>status</c>. It needs
    /// <see cref="AddClawGrpcClient"/>.</summary>
    /// <param name="builder">The health checks of the application.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="agentId">The agent whose credentials are checked; empty for the default agent.</param>
    /// <param name="failureStatus">What a failure is reported as; null for Unhealthy.</param>
    /// <param name="tags">Tags of the check; null for none.</param>
    public static IHealthChecksBuilder AddClawGrpc(
        this IHealthChecksBuilder builder,
        string name = "clawgrpc",
        string agentId = "",
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name,
            provider => new ClawGrpcHealthCheck(provider.GetRequiredService<ModelService.ModelServiceClient>(), agentId),
            failureStatus,
            tags));
    }

    private static GrpcChannel ChannelOf(IServiceProvider provider) => provider.GetRequiredService<SharedChannel>().Channel;

    // A type of its own, so that the application's own channels in the container stay apart.
    private sealed class SharedChannel(IOptions<ClawGrpcOptions> options) : IDisposable
    {
        public GrpcChannel Channel { get; } = ClawGrpcChannel.Create(options: options.Value);

        public void Dispose() => Channel.Dispose();
    }
}
