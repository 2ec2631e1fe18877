using System.Reflection;
using ClawGrpc.Gateway;
using ClawGrpc.Server.Hosting;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests;

/// <summary>Rules for the whole of Gateway and Server.</summary>
public class ArchitectureTests
{
    private static readonly Assembly Gateway = typeof(Refusal).Assembly;
    private static readonly Assembly Server = typeof(ServerHost).Assembly;

    [Fact]
    public void Folders_of_Gateway_form_no_circle() => NamespaceGraph.AssertNoCircle(Gateway.Location);

    [Fact]
    public void Folders_of_Server_form_no_circle() => NamespaceGraph.AssertNoCircle(Server.Location);

    [Theory]
    [InlineData("Grpc.")]
    [InlineData("Google.")]
    [InlineData("Microsoft.AspNetCore.")]
    [InlineData("ClawGrpc.Protos")]
    public void Gateway_references_no_transport(string prefix) => Assert.DoesNotContain(
        Gateway.GetReferencedAssemblies(), name => name.Name!.StartsWith(prefix, StringComparison.Ordinal));

    [Fact]
    public void Gateway_has_no_interface_but_the_store() => Assert.All(
        Gateway.GetTypes().Where(type => type.IsInterface), type => Assert.Equal("IStateStore", type.Name));
}
