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
        var names = response.ListServicesResponse.Service.Select(service => service.Name).ToList();
        Assert.Contains("clawgrpc.v1.AuthService", names);
        Assert.Contains("clawgrpc.v1.ModelService", names);
        Assert.Contains("grpc.health.v1.Health", names);
    }

    [Theory]
    [InlineData("clawgrpc.v1.AuthService")]
    [InlineData("clawgrpc.v1.ModelService.StreamComplete")]
    [InlineData("clawgrpc.v1.AgentStatus")]
    public async Task Symbol_comes_with_its_file(string symbol)
    {
        var response = await AskAsync(new ServerReflectionRequest { FileContainingSymbol = symbol });
        var files = response.FileDescriptorResponse.FileDescriptorProto.Select(FileDescriptorProto.Parser.ParseFrom).ToList();
        Assert.Contains(files, file => file.Package == "clawgrpc.v1");
        Assert.All(files.SelectMany(file => file.Dependency), needed => Assert.Contains(needed, files.Select(file => file.Name)));
    }

    [Fact]
    public async Task Unknown_symbol_is_not_found()
    {
        var response = await AskAsync(new ServerReflectionRequest { FileContainingSymbol = "nope" });
        Assert.Equal((int)StatusCode.NotFound, response.ErrorResponse.ErrorCode);
    }

    private static async Task<ServerReflectionResponse> AskAsync(ServerReflectionRequest question)
    {
        await using var fixture = await ServerFixture.StartAsync();
        using var call = new ServerReflection.ServerReflectionClient(fixture.Channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(question);
        await call.RequestStream.CompleteAsync();
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        return call.ResponseStream.Current;
    }
}
