using System.Text;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;
using Google.Protobuf.Collections;

namespace ClawGrpc.Server.Tests.Mapping;

/// <summary>Blocks there and back.</summary>
internal static class Blocks
{
    public static ContentBlock Read(string json) => BlockReader.Read(Encoding.UTF8.GetBytes(json));

    public static string Write(ContentBlock block)
    {
        var errors = new FieldErrors();
        using var json = new JsonObjectWriter(256);
        new BlockWriter(json, errors).WriteBlocks(new RepeatedField<ContentBlock> { block }, "content");
        Assert.Empty(errors.All);
        return Encoding.UTF8.GetString(json.Json.Span)[1..^1];
    }
}
