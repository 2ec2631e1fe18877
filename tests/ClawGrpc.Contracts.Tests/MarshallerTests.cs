using System.Buffers;
using Grpc.Core;

namespace ClawGrpc.Contracts.Tests;

/// <summary>A message may be written straight into the transport's buffer and read where it lies: no copy in an array of its own.</summary>
public sealed class MarshallerTests
{
    [Fact]
    public async Task A_marshaller_of_our_own_writes_into_the_transports_buffer()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();
        byte[] wire = [0x0a, 0x02, (byte)'h', (byte)'i']; // Field 1, text, two bytes: an EchoRequest, and an EchoResponse as well.
        var bytes = Marshallers.Create<byte[]>(
            (message, context) =>
            {
                context.SetPayloadLength(message.Length);
                context.GetBufferWriter().Write(message);
                context.Complete();
            },
            context => context.PayloadAsReadOnlySequence().ToArray());
        var method = new Method<byte[], byte[]>(MethodType.Unary, "clawgrpc.contracts.test.Echo", "Once", bytes, bytes);

        var answer = await channel.CreateCallInvoker().AsyncUnaryCall(method, null, default, wire);

        Assert.Equal(wire, answer);
        Assert.Equal("/clawgrpc.contracts.test.Echo/Once", (await host.View.NextCall()).Method);
    }

    [Fact]
    public async Task A_marshaller_over_arrays_works_as_well()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();
        var texts = Marshallers.Create(
            text => new byte[] { 0x0a, (byte)text.Length }.Concat(text.Select(c => (byte)c)).ToArray(),
            bytes => System.Text.Encoding.ASCII.GetString(bytes.AsSpan(2)));
        var method = new Method<string, string>(MethodType.Unary, "clawgrpc.contracts.test.Echo", "Once", texts, texts);

        Assert.Equal("hi", await channel.CreateCallInvoker().AsyncUnaryCall(method, null, default, "hi"));
    }

    [Fact]
    public void Generated_code_tells_the_length_first_and_writes_into_the_buffer()
    {
        var context = new Recording();
        var marshaller = GeneratedMarshaller();

        marshaller.ContextualSerializer(new EchoRequest { Text = "hi" }, context);

        Assert.Equal(4, context.Told);
        Assert.Equal(4, context.Buffer.WrittenCount);
        Assert.True(context.Completed);
    }

    private static Marshaller<EchoRequest> GeneratedMarshaller()
    {
        var binder = new Binder();
        Echo.BindService(binder, null!);
        return binder.Found!;
    }

    private sealed class Binder : ServiceBinderBase
    {
        public Marshaller<EchoRequest>? Found { get; private set; }

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
            Found = method.RequestMarshaller as Marshaller<EchoRequest>;

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
        { }

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
        { }

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
        { }
    }

    private sealed class Recording : SerializationContext
    {
        public ArrayBufferWriter<byte> Buffer { get; } = new();

        public int? Told { get; private set; }

        public bool Completed { get; private set; }

        public override void SetPayloadLength(int payloadLength) => Told = payloadLength;

        public override IBufferWriter<byte> GetBufferWriter() => Buffer;

        public override void Complete() => Completed = true;
    }
}
