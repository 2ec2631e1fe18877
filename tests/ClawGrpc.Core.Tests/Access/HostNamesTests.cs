using ClawGrpc.Core.Access;

namespace ClawGrpc.Core.Tests.Access;

/// <summary>By which hosts requests may address the server.</summary>
public class HostNamesTests
{
    private static readonly string[] Served = ["claw.example", "*.wild.example", "192.0.2.7", "2001:db8::1"];

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]", true)]
    [InlineData("::1", true)]
    [InlineData("Claw.Example", true)]
    [InlineData("claw.example.", true)]
    [InlineData("a.wild.example", true)]
    [InlineData("192.0.2.7", true)]
    [InlineData("[2001:db8::1]", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("xclaw.example", false)]
    [InlineData("claw.example.evil", false)]
    [InlineData("a.claw.example", false)]
    [InlineData("wild.example", false)]
    [InlineData(".wild.example", false)]
    [InlineData("a.b.wild.example", false)]
    [InlineData("192.0.2.8", false)]
    public void Host_is_served_if_it_is_one_of_the_servers(string host, bool served) =>
        Assert.Equal(served, HostNames.IsServed(host, Served));
}
