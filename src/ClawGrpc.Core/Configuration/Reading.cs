using System.Collections.Immutable;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>One reading of a configuration: what it may ask for, and what it has found wrong so far.</summary>
internal sealed class Reading(Func<string, string?> readFile, Func<string, string?> environment)
{
    private readonly ImmutableArray<ConfigurationError>.Builder _errors = ImmutableArray.CreateBuilder<ConfigurationError>();
    private readonly ImmutableArray<ConfigurationError>.Builder _warnings = ImmutableArray.CreateBuilder<ConfigurationError>();
    private readonly ImmutableArray<string>.Builder _files = ImmutableArray.CreateBuilder<string>();

    public ImmutableArray<ConfigurationError> Errors => _errors.ToImmutable();

    public ImmutableArray<ConfigurationError> Warnings => _warnings.ToImmutable();

    public ImmutableArray<string> Files => _files.ToImmutable();

    /// <summary>The configuration's own variables, once they are known: what follows may refer to them.</summary>
    public EnvConfiguration Env { get; set; } = EnvConfiguration.None;

    /// <summary>The text of a file; null when there is none.</summary>
    public string? ReadFile(string path)
    {
        if (!_files.Contains(path))
            _files.Add(path);
        return readFile(path);
    }

    /// <summary>
    /// The value of a variable: of the process, or else of the configuration's <c>env</c>; null when unset or empty.
    /// </summary>
    public string? Variable(string name) =>
        Env.Find(name, environment) is { } value && value.Reveal().Length > 0 ? value.Reveal() : null;

    public void Refuse(Json5Value at, KeyPath path, string reason) => Refuse(at.Source, at.Position, path.Shown, reason);

    public void Refuse(Json5Member at, KeyPath path, string reason) => Refuse(at.Value.Source, at.Position, path.Shown, reason);

    /// <summary>The value is of another kind than expected.</summary>
    public void RefuseKind(Json5Value at, KeyPath path, string expected)
    {
        var received = at is Json5Number { Value: double.NaN } ? "NaN" : at.Kind;
        Refuse(at, path, $"Invalid input: expected {expected}, received {received}");
    }

    public void Refuse(Json5Exception syntax) =>
        _errors.Add(new ConfigurationError(syntax.SourceName, syntax.Position.Line, syntax.Position.Column, "", syntax.Message));

    public void Warn(Json5Value at, KeyPath path, string reason) =>
        _warnings.Add(new ConfigurationError(at.Source.Name, at.Position.Line, at.Position.Column, path.Shown, reason));

    private void Refuse(Json5Source source, Json5Position position, string path, string reason) =>
        _errors.Add(new ConfigurationError(source.Name, position.Line, position.Column, path, reason));
}
