using System.Collections.Immutable;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// Variables that the configuration defines: <c>env: { NAME: "…" }</c> and <c>env.vars</c> (openclaw-spec.md, section 2.4).
/// They may hold keys.
/// </summary>
internal sealed record EnvConfiguration
{
    /// <summary>No variables.</summary>
    public static readonly EnvConfiguration None = new();

    /// <summary>Name to value; blank ones are left out.</summary>
    public ImmutableDictionary<string, Secret> Variables { get; init; } = ImmutableDictionary<string, Secret>.Empty;

    /// <summary>Name to the place of the value: file, line and column.</summary>
    public ImmutableDictionary<string, (string File, int Line, int Column)> Places { get; init; } =
        ImmutableDictionary<string, (string, int, int)>.Empty;

    /// <summary>
    /// Whether OpenClaw would ask the login shell for keys (<c>env.shellEnv.enabled</c>). ClawGrpc only reports it.
    /// </summary>
    public bool ShellEnv { get; init; }

    /// <summary>The value of a variable: the process wins, unless it has none or a blank one; null when neither has it.</summary>
    /// <param name="name">Its name.</param>
    public Secret? Find(string name, Func<string, string?> process)
    {
        var own = process(name);
        return string.IsNullOrWhiteSpace(own) && Variables.TryGetValue(name, out var configured) ? configured
            : own is null ? null
            : new Secret(own);
    }

    internal static EnvConfiguration Read(Fields env)
    {
        var shellEnv = env.Section("shellEnv");
        var enabled = shellEnv?.Flag("enabled");
        shellEnv?.Ignore("timeoutMs");
        shellEnv?.RefuseOthers();

        // Variables beside `vars` win over those in it.
        var vars = env.Map("vars", Variable.Read);
        var beside = env.All().Where(member => member.Name is not ("shellEnv" or "vars"))
            .Select(member => Variable.Read(member.Name, member.Field));
        var all = vars.Concat(beside.OfType<Variable>()).Where(variable => !variable.Value.IsBlank).ToList();
        return new EnvConfiguration
        {
            ShellEnv = enabled ?? false,
            Variables = all.Aggregate(None.Variables, (found, variable) => found.SetItem(variable.Name, variable.Value)),
            Places = all.Aggregate(None.Places, (found, variable) => found.SetItem(variable.Name, variable.Place)),
        };
    }

    private sealed record Variable(string Name, Secret Value, (string File, int Line, int Column) Place)
    {
        public static Variable? Read(string name, Field field) => field.Text() is { } text
            ? new Variable(
                name, new Secret(text), (field.Value.Source.Name, field.Value.Position.Line, field.Value.Position.Column))
            : null;
    }
}
