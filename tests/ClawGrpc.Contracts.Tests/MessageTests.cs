using System.IO.Compression;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Compression;

namespace ClawGrpc.Contracts.Tests;

public sealed class MessageTests
{
    private const int Limit = 40 * 1024 * 1024;

    [Fact]
    public async Task A_big_message_passes_where_the_limits_allow_it()
    {
        await using var host = await EchoHost.Start(options => options.MaxReceiveMessageSize = Limit);
        using var channel = host.Tcp(new GrpcChannelOptions { MaxReceiveMessageSize = Limit });
        var payload = Random(33 * 1024 * 1024);

        var answer = await new Echo.EchoClient(channel).OnceAsync(new EchoRequest { Payload = payload });

        Assert.True(payload.Span.SequenceEqual(answer.Payload.Span));
    }

    [Fact]
    public async Task A_message_over_the_limit_is_refused_with_a_status()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Tcp();

        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await new Echo.EchoClient(channel).OnceAsync(new EchoRequest { Payload = Random(5 * 1024 * 1024) }));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Messages_are_compressed_both_ways_when_asked_for(string encoding)
    {
        await using var host = await EchoHost.Start(options =>
        {
            options.ResponseCompressionAlgorithm = encoding;
            options.ResponseCompressionLevel = CompressionLevel.Fastest;
            options.CompressionProviders = Providers();
        });
        var wire = new WireView();
        using var channel = host.Tcp(new GrpcChannelOptions
        {
            HttpHandler = wire,
            CompressionProviders = Providers(),
        });
        var payload = ByteString.CopyFrom(new byte[1_000_000]);

        var answer = await new Echo.EchoClient(channel).OnceAsync(
            new EchoRequest { Payload = payload },
            new Metadata { { "grpc-internal-encoding-request", encoding } });

        Assert.Equal(payload, answer.Payload);
        Assert.Equal(encoding, (await host.View.NextCall()).Encoding);
        Assert.Equal(encoding, wire.ResponseEncoding);
        Assert.InRange(wire.ResponseBytes, 1, 50_000);
    }

    [Fact]
    public async Task A_message_is_not_compressed_when_the_writer_says_so()
    {
        await using var host = await EchoHost.Start();
        var wire = new WireView();
        using var channel = host.Tcp(new GrpcChannelOptions { HttpHandler = wire });
        var options = new CallOptions(new Metadata { { "grpc-internal-encoding-request", "gzip" } })
            .WithWriteOptions(new WriteOptions(WriteFlags.NoCompress));

        await new Echo.EchoClient(channel).OnceAsync(new EchoRequest { Payload = ByteString.CopyFrom(new byte[100_000]) }, options);

        Assert.InRange(wire.RequestBytes, 100_000, 101_000);
    }

    private static List<ICompressionProvider> Providers() =>
        [new GzipCompressionProvider(CompressionLevel.Fastest), new DeflateCompressionProvider(CompressionLevel.Fastest)];

    private static ByteString Random(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }
}
