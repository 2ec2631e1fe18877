using System.Reflection;
using ClawGrpc.Cli.Running;
using ClawGrpc.Testing;

namespace ClawGrpc.Cli.Tests;

/// <summary>Rules for the whole of <c>claw</c> and of the packages that it is built from.</summary>
public class ArchitectureTests
{
    private static readonly Assembly Claw = typeof(ClawProgram).Assembly;

    [Fact]
    public void Folders_of_claw_form_no_circle() => NamespaceGraph.AssertNoCircle(Claw.Location);

    [Fact]
    public void Claw_reaches_the_server_through_the_contract_only() => Assert.Equal(
        ["ClawGrpc.Client", "ClawGrpc.Json5", "ClawGrpc.Protos"],
        Claw.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => name.StartsWith("ClawGrpc", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal));

    // A copy of Google.Rpc in a package of ours would collide with the official one in every program that has both.
    [Fact]
    public void Protos_export_the_contract_only() =>
        Assert.All(typeof(V1.AgentStatus).Assembly.GetExportedTypes(), type => Assert.Equal("ClawGrpc.V1", type.Namespace));
}
