using Grpc.Core;
using Grpc.Health.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace ClawGrpc.Server.Services;

/// <summary>grpc.health.v1: SERVING until the server stops. Open to everybody and tells nothing else.</summary>
internal sealed class HealthService(IHostApplicationLifetime lifetime) : Health.HealthBase
{
    private static readonly HashSet<string> Known = ["", V1.AuthService.Descriptor.FullName, V1.ModelService.Descriptor.FullName];

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) => Known.Contains(request.Service)
        ? Task.FromResult(new HealthCheckResponse { Status = Now })
        : throw new RpcException(new Status(StatusCode.NotFound, $"Unknown service \"{request.Service}\"."));

    public override async Task Watch(
        HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        var known = Known.Contains(request.Service);
        await responseStream.WriteAsync(new HealthCheckResponse { Status = known ? Now : ServingStatus.ServiceUnknown }, context.CancellationToken);
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = lifetime.ApplicationStopping.Register(stopping.SetResult);
        await stopping.Task.WaitAsync(context.CancellationToken);
        if (known)
            await responseStream.WriteAsync(new HealthCheckResponse { Status = Now }, context.CancellationToken);
    }

    private ServingStatus Now => lifetime.ApplicationStopping.IsCancellationRequested ? ServingStatus.NotServing : ServingStatus.Serving;
}
