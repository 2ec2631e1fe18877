namespace ClawGrpc.Core.Tests.Configuration;

/// <summary>Variables of the process and the configuration, and references to them.</summary>
public class EnvironmentTests
{
    [Theory]
    [InlineData("${KEY}", "value")]
    [InlineData("a ${KEY} b ${_K2}c", "a value b 2c")]
    [InlineData("$${KEY}", "${KEY}")]
    [InlineData("$$${KEY}", "$${KEY}")]
    [InlineData("$KEY ${key} ${1KEY} ${} ${KEY", "$KEY ${key} ${1KEY} ${} ${KEY")]
    [InlineData("${KEY}${KEY}", "valuevalue")]
    [InlineData("${LOOP}", "${KEY}")]
    public void Variables_are_replaced_once(string text, string expected) => Assert.Equal(
        expected,
        Folder.With($"{{ agents: {{ defaults: {{ model: '{text}' }} }} }}").Where("KEY", "value").Where("_K2", "2")
            .Where("LOOP", "${KEY}")
            .Accept().Agents.Model.Primary);

    [Fact]
    public void Variable_without_a_value_is_an_error_at_its_use()
    {
        var folder = Folder.With("{ agents: { list: [{ id: 'a', name: '${GONE} ${EMPTY}' }], defaults: { model: '${GONE}' } } }")
            .Where("EMPTY", "");
        Assert.Equal(
            [
                "1:79: agents.defaults.model: Missing env var \"GONE\" referenced at config path: agents.defaults.model",
                "1:37: agents.list.0.name: Missing env var \"GONE\" referenced at config path: agents.list[0].name",
                "1:37: agents.list.0.name: Missing env var \"EMPTY\" referenced at config path: agents.list[0].name",
            ],
            folder.Refuse());
    }

    [Fact]
    public void Process_variables_win_over_configured_ones()
    {
        var env = Folder.With("""
            { env: { A: 'own', B: 'own', C: ' ', D: '${B}${E}', vars: { A: 'vars', E: 'vars', F: 'vars' },
              shellEnv: { enabled: true, timeoutMs: 5 } },
              agents: { defaults: { model: '${A} ${B} ${E}' } } }
            """).Where("B", "process").Where("E", "e").Where("F", "  ").Accept();
        Assert.Equal("own process e", env.Agents.Model.Primary);
        Assert.True(env.Env.ShellEnv);
        Assert.Equal(["A", "B", "D", "E", "F"], env.Env.Variables.Keys.Order());
        Assert.Equal("processe", env.Env.Variables["D"].Reveal());

        static string? Process(string name) => name switch { "A" => "process", "F" => " ", _ => null };
        Assert.Equal("process", env.Env.Find("A", Process)!.Reveal());
        Assert.Equal("vars", env.Env.Find("F", Process)!.Reveal());
        Assert.Equal("vars", env.Env.Find("E", Process)!.Reveal());
        Assert.Null(env.Env.Find("Z", Process));
    }
}
