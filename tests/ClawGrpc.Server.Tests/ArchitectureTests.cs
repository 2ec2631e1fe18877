using ClawGrpc.Server.Hosting;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests;

/// <summary>Rules for the whole of Server.</summary>
public class ArchitectureTests
{
    [Fact]
    public void Folders_of_Server_form_no_circle() => NamespaceGraph.AssertNoCircle(typeof(ServerHost).Assembly.Location);
}
