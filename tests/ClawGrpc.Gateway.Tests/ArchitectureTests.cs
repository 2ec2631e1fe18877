using System.Reflection;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests;

/// <summary>Rules for the whole of Gateway.</summary>
public class ArchitectureTests
{
    private static readonly Assembly Gateway = typeof(Refusal).Assembly;

    [Fact]
    public void Folders_of_Gateway_form_no_circle() => NamespaceGraph.AssertNoCircle(Gateway.Location);

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
