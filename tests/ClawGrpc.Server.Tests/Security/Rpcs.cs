using System.Collections;
using System.Text;
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
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(static bytes => bytes, static bytes => bytes);

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
        var parts = rpc.Split('/');
        var method = new Method<byte[], byte[]>(MethodType.ServerStreaming, parts[1], parts[2], Bytes, Bytes);
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

    /// <summary>Calls an RPC and hears all that comes back, as text and as bytes.</summary>
    /// <param name="ear">Hears.</param>
    /// <param name="channel">To the server.</param>
    /// <param name="rpc">The RPC.</param>
    /// <param name="headers">What the call shows.</param>
    /// <param name="everywhere">What all texts of the request hold; null for a request that is right as far as can be.</param>
    public static async Task HearAsync(
        Ear ear, GrpcChannel channel, MethodDescriptor rpc, Metadata headers, string? everywhere = null)
    {
        var request = (IMessage)Activator.CreateInstance(rpc.InputType.ClrType)!;
        if (everywhere is not null)
            Fill(request, everywhere, 3);
        else if (rpc.InputType.FindFieldByName("input") is { } input)
            input.Accessor.SetValue(request, Prompts.Input());
        var method = new Method<byte[], byte[]>(
            MethodType.ServerStreaming, rpc.Service.FullName, rpc.Name, Bytes, Bytes);
        using var call = channel.CreateCallInvoker().AsyncServerStreamingCall(
            method, null, new CallOptions(headers, DateTime.UtcNow.AddSeconds(30)), request.ToByteArray());
        await ear.TryAsync(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                ear.Hear(Encoding.UTF8.GetString(call.ResponseStream.Current));
                ear.Hear(rpc.OutputType.Parser.ParseFrom(call.ResponseStream.Current));
                if (rpc.Name == "WatchStatus")
                    return;
            }

            ear.Hear(await call.ResponseHeadersAsync, call.GetTrailers());
        });
    }

    // Of alternatives, the last one stays.
    private static void Fill(IMessage message, string text, int depth)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder().Where(field => !field.IsMap))
        {
            var (isText, isMessage) = (field.FieldType == FieldType.String, field.FieldType == FieldType.Message);
            if (field.IsRepeated && isText)
                ((IList)field.Accessor.GetValue(message)).Add(text);
            else if (!field.IsRepeated && isText)
                field.Accessor.SetValue(message, text);
            else if (!field.IsRepeated && isMessage && depth > 0 && field.MessageType.File.Package == "clawgrpc.v1")
                field.Accessor.SetValue(message, Filled(field.MessageType, text, depth - 1));
        }
    }

    private static IMessage Filled(MessageDescriptor type, string text, int depth)
    {
        var message = (IMessage)Activator.CreateInstance(type.ClrType)!;
        Fill(message, text, depth);
        return message;
    }

    private static IReadOnlyList<MethodDescriptor> Of(params IEnumerable<FileDescriptor> files) =>
        [.. files.SelectMany(file => file.Services).SelectMany(service => service.Methods)];
}
