using ClawGrpc.Client;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>Every RPC that the server serves, from the descriptors, so that one that is added is called too.</summary>
internal static class Rpcs
{
    /// <summary>Those of the contract.</summary>
    public static IReadOnlyList<MethodDescriptor> OfContract { get; } = Of(
        AuthServiceReflection.Descriptor, ModelServiceReflection.Descriptor, AccessServiceReflection.Descriptor);

    /// <summary>Those that take a caller.</summary>
    public static IReadOnlyList<MethodDescriptor> Guarded { get; } =
    [
        .. OfContract,
        .. Of(
            global::Grpc.Reflection.V1.ReflectionReflection.Descriptor,
            global::Grpc.Reflection.V1Alpha.ReflectionReflection.Descriptor),
    ];

    /// <summary>Those that are open to all.</summary>
    public static IReadOnlyList<MethodDescriptor> Open { get; } = Of(global::Grpc.Health.V1.HealthReflection.Descriptor);

    public static string PathOf(MethodDescriptor rpc) => $"/{rpc.Service.FullName}/{rpc.Name}";

    /// <summary>Calls an RPC, which must fail.</summary>
    /// <param name="channel">To the server.</param>
    /// <param name="rpc">The RPC.</param>
    /// <param name="headers">What the call shows.</param>
    /// <param name="agent">The agent that it is about, if the request has one.</param>
    public static Task<ClawGrpcError> RefusalAsync(
        GrpcChannel channel, MethodDescriptor rpc, Metadata? headers = null, string agent = "main")
    {
        var request = (IMessage)Activator.CreateInstance(rpc.InputType.ClrType)!;
        rpc.InputType.FindFieldByName("agent_id")?.Accessor.SetValue(request, agent);
        if (rpc.InputType.FindFieldByName("input") is { } input)
            input.Accessor.SetValue(request, Prompts.Input(with: given => given.AgentId = agent));
        return RefusalAsync(channel, PathOf(rpc), request.ToByteArray(), headers);
    }

    /// <inheritdoc cref="RefusalAsync(GrpcChannel, MethodDescriptor, Metadata, string)"/>
    public static async Task<ClawGrpcError> RefusalAsync(GrpcChannel channel, string rpc, byte[] request, Metadata? headers)
    {
        var marshaller = Marshallers.Create<byte[]>(static bytes => bytes, static bytes => bytes);
        var parts = rpc.Split('/');
        var method = new Method<byte[], byte[]>(MethodType.ServerStreaming, parts[1], parts[2], marshaller, marshaller);
        using var call = channel.CreateCallInvoker().AsyncServerStreamingCall(
            method, null, new CallOptions(headers, DateTime.UtcNow.AddSeconds(30)), request);
        try
        {
            await call.ResponseStream.MoveNext(CancellationToken.None);
        }
        catch (RpcException refused)
        {
            return ClawGrpcError.From(refused);
        }

        Assert.Fail($"{rpc} was served.");
        return null!;
    }

    private static IReadOnlyList<MethodDescriptor> Of(params IEnumerable<FileDescriptor> files) =>
        [.. files.SelectMany(file => file.Services).SelectMany(service => service.Methods)];
}
