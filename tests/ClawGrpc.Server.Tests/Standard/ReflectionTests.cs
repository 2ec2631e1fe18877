using ClawGrpc.Server.Tests.Harness;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1;

namespace ClawGrpc.Server.Tests.Standard;

public class ReflectionTests
{
    [Fact]
    public async Task Every_service_is_listed()
    {
        var response = await AskAsync(new ServerReflectionRequest { ListServices = "" });
        Assert.Equal(
            ["clawgrpc.v1.AuthService", "clawgrpc.v1.ModelService", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"],
            response.ListServicesResponse.Service.Select(service => service.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("clawgrpc.v1.AuthService")]
    [InlineData("clawgrpc.v1.ModelService")]
    [InlineData("clawgrpc.v1.ModelService.StreamComplete")]
    [InlineData("clawgrpc.v1.AgentStatus")]
    [InlineData("clawgrpc.v1.ErrorReason")]
    [InlineData("google.rpc.ErrorInfo")]
    public async Task A_symbol_comes_with_its_file_and_all_that_the_file_needs(string symbol)
    {
        var response = await AskAsync(new ServerReflectionRequest { FileContainingSymbol = symbol });
        var files = FileDescriptor.BuildFromByteStrings(response.FileDescriptorResponse.FileDescriptorProto);
        Assert.Contains(files, file => symbol.StartsWith(file.Package, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_comes_by_its_name()
    {
        var response = await AskAsync(new ServerReflectionRequest { FileByFilename = "clawgrpc/v1/receipt.proto" });
        Assert.Contains("clawgrpc/v1/receipt.proto", FileDescriptor.BuildFromByteStrings(response.FileDescriptorResponse.FileDescriptorProto).Select(file => file.Name));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        foreach (var question in new ServerReflectionRequest[] { new() { FileByFilename = "../../etc/passwd" }, new() { FileContainingSymbol = "nope" } })
            Assert.Equal((int)StatusCode.NotFound, (await AskAsync(question)).ErrorResponse.ErrorCode);
    }

    private static async Task<ServerReflectionResponse> AskAsync(ServerReflectionRequest question)
    {
        await using var rig = await Rig.StartAsync();
        using var call = new ServerReflection.ServerReflectionClient(rig.Channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(question);
        await call.RequestStream.CompleteAsync();
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        var answer = call.ResponseStream.Current;
        Assert.Equal(question, answer.OriginalRequest);
        Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None));
        return answer;
    }
}
