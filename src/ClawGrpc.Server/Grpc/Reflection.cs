using Grpc.Health.V1;
using Grpc.Reflection;

namespace ClawGrpc.Server.Grpc;

/// <summary>
/// The two standard reflection services, from the generated descriptors. The package for ASP.NET Core finds the descriptors by
/// reflection over the mapped services, which a build ahead of time cannot promise.
/// </summary>
internal static class Reflection
{
    /// <summary>The services that callers may ask about.</summary>
    private static readonly global::Google.Protobuf.Reflection.ServiceDescriptor[] Described =
    [
        V1.AuthService.Descriptor, V1.ModelService.Descriptor, V1.AccessService.Descriptor, Health.Descriptor,
        global::Grpc.Reflection.V1.ServerReflection.Descriptor, global::Grpc.Reflection.V1Alpha.ServerReflection.Descriptor,
    ];

    public static void Add(IServiceCollection services) => services
        .AddSingleton(new ReflectionV1ServiceImpl(Described))
        .AddSingleton(new ReflectionServiceImpl(Described));

    /// <summary>Maps both.</summary>
    /// <param name="app">The server.</param>
    /// <param name="guard">What every endpoint of them gets.</param>
    public static void Map(WebApplication app, Action<GrpcServiceEndpointConventionBuilder> guard)
    {
        guard(app.MapGrpcService<ReflectionV1ServiceImpl>());
        guard(app.MapGrpcService<ReflectionServiceImpl>());
    }
}
