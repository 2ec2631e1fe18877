namespace ClawGrpc.Core.Tests.Configuration;

/// <summary><c>$include</c>: several files that are one configuration.</summary>
public class IncludeTests
{
    private const string Home = "/home/me/.clawgrpc";

    [Fact]
    public void Included_content_replaces_its_include()
    {
        var folder = Folder.With("{ auth: { $include: './parts/auth.json5' } }")
            .And(Home + "/parts/auth.json5", "{ order: { $include: '../order.json5' } }")
            .And(Home + "/order.json5", "{ anthropic: ['a'] }");
        Assert.Equal<string>(["a"], folder.Accept().Auth.Order["anthropic"]);
        Assert.Equal<string>([Folder.Path, Home + "/parts/auth.json5", Home + "/order.json5"], folder.Read().Files);
    }

    [Fact]
    public void Included_files_merge_in_order_and_own_keys_come_last()
    {
        var auth = Folder.With(
            "{ auth: { $include: ['a.json5', 'b.json5'], inheritFromMain: true, order: { anthropic: ['c'] } } }")
            .And(Home + "/a.json5",
            "{ inheritFromMain: false, order: { anthropic: ['a'] }, cooldowns: { billingMaxHours: 1, failureWindowHours: 1 } }")
            .And(Home + "/b.json5", "{ order: { anthropic: ['b'], openai: [] }, cooldowns: { billingMaxHours: 2 } }")
            .Accept().Auth;
        Assert.True(auth.InheritFromMain);
        Assert.Equal<string>(["a", "b", "c"], auth.Order["anthropic"]);
        Assert.Contains("openai", auth.Order.Keys);
        Assert.Equal((TimeSpan.FromHours(2), TimeSpan.FromHours(1)), (auth.Health.BillingMax, auth.Health.FailureWindow));
    }

    [Fact]
    public void Whole_configuration_can_be_included() => Assert.Equal(
        "anthropic/claude-opus-4-6",
        Folder.With("{ $include: '/etc/claw/base.json5', channels: { $include: 'not-looked-for.json5' } }")
            .And("/etc/claw/base.json5", "{ agents: { $include: 'agents.json5' } }")
            .And("/etc/claw/agents.json5", "{ defaults: { model: 'anthropic/claude-opus-4-6' } }")
            .Accept().Agents.Model.Primary);

    [Fact]
    public void Errors_name_the_file_that_they_are_in() => Assert.Equal(
        [$"{Home}/auth.json5:2:8: JSON5: invalid character ':' at 2:8",
            $"{Home}/agents.json5:1:9: agents.list: Invalid input: expected array, received number"],
        Folder.With("{ auth: { $include: 'auth.json5' }, agents: { $include: 'agents.json5' } }")
            .And(Home + "/auth.json5", "{\n order::")
            .And(Home + "/agents.json5", "{ list: 5 }")
            .Refuse());

    [Theory]
    [InlineData("{ auth: { $include: 'gone.json5' } }",
        "1:21: auth.$include: Failed to read include file: gone.json5 (resolved: /home/me/.clawgrpc/gone.json5)")]
    [InlineData("{ auth: { $include: 5 } }",
        "1:21: auth.$include: Invalid $include value: expected string or array of strings, got number")]
    [InlineData("{ auth: { $include: [{}] } }", "1:22: auth.$include: Invalid $include array item: expected string, got object")]
    [InlineData("{ auth: { $include: 'list.json5', order: {} } }",
        "1:21: auth.$include: Sibling keys require included content to be an object")]
    [InlineData("{ auth: { $include: 'clawgrpc.json' } }",
        "1:21: auth.$include: Circular include detected: /home/me/.clawgrpc/clawgrpc.json -> /home/me/.clawgrpc/clawgrpc.json")]
    public void Invalid_includes_are_refused(string text, string error) =>
        Assert.Equal([error], Folder.With(text).And(Home + "/list.json5", "[]").Refuse());

    [Fact]
    public void Circular_include_names_its_files() => Assert.Equal(
        [$"{Home}/b.json5:1:14: auth.$include: Circular include detected: {Folder.Path} -> {Home}/a.json5 -> {Home}/b.json5 -> "
            + $"{Home}/a.json5"],
        Folder.With("{ auth: { $include: 'a.json5' } }")
            .And(Home + "/a.json5", "{ $include: 'b.json5' }")
            .And(Home + "/b.json5", "{ $include:  './x/../a.json5' }")
            .Refuse());

    [Fact]
    public void Depth_and_number_have_limits()
    {
        var deep = Folder.With("{ auth: { $include: '1.json5' } }");
        for (var depth = 1; depth <= 11; depth++)
            deep.And($"{Home}/{depth}.json5", $"{{ $include: '{depth + 1}.json5' }}");
        Assert.Equal([$"{Home}/10.json5:1:13: auth.$include: Maximum include depth (10) exceeded at: 11.json5"], deep.Refuse());

        var many = Folder.With($"{{ auth: {{ $include: [{string.Join(',', Enumerable.Repeat("'a.json5'", 300))}] }} }}")
            .And(Home + "/a.json5", "{}");
        Assert.Equal(44, many.Refuse().Length);
        Assert.EndsWith("More than 256 files included at: a.json5", many.Refuse()[0], StringComparison.Ordinal);
    }

    [Fact]
    public void File_may_be_included_twice() => Assert.Equal(
        ["x", "x"],
        Folder.With("{ auth: { order: { anthropic: { $include: 'ids.json5' }, openai: { $include: 'ids.json5' } } } }")
            .And(Home + "/ids.json5", "['x']")
            .Accept().Auth.Order.Values.SelectMany(ids => ids));
}
