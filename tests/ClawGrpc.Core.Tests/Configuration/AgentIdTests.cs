using ClawGrpc.Core.Configuration;

namespace ClawGrpc.Core.Tests.Configuration;

/// <summary>The id of a name in <c>agents.list</c>: the folder name that the programs use for it.</summary>
public class AgentIdTests
{
    [Theory]
    [InlineData("work", "work")]
    [InlineData("  Work ", "work")]
    [InlineData("a_b-C9", "a_b-c9")]
    [InlineData("My agent!", "my-agent")]
    [InlineData("../../etc", "etc")]
    [InlineData("a.b", "a-b")]
    [InlineData("-x-", "x")]
    [InlineData("_x", "_x")]
    [InlineData("", "main")]
    [InlineData("!!!", "main")]
    public void Agent_name_becomes_its_id(string name, string id) => Assert.Equal(id, AgentEntry.IdOf(name));

    [Fact]
    public void Agent_id_has_at_most_64_characters() => Assert.Equal(new string('a', 64), AgentEntry.IdOf(new string('A', 70)));
}
