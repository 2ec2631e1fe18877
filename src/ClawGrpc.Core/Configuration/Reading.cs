using System.Collections.Immutable;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>One reading of a configuration: what it may ask for, and what it has found wrong so far.</summary>
internal sealed class Reading(Func<string, string?> readFile, Func<string, string?> environment)
{
    private readonly ImmutableArray<ConfigurationError>.Builder _errors = ImmutableArray.CreateBuilder<ConfigurationError>();
    private readonly ImmutableArray<ConfigurationError>.Builder _warnings = ImmutableArray.CreateBuilder<ConfigurationError>();
    private readonly ImmutableArray<string>.Builder _files = ImmutableArray.CreateBuilder<string>();

    // The files of OpenClaw and its kin: a newer one may know more members than ClawGrpc.
    private readonly HashSet<string> _theirs = [];

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

    /// <summary>Notes that a file is OpenClaw's own, or that of a program before it.</summary>
    public void NoteTheirs(string path) => _theirs.Add(path);

    /// <summary>Whether a value stands in a file of OpenClaw's.</summary>
    public bool IsTheirs(Json5Source source) => _theirs.Contains(source.Name);

    /// <summary>
    /// The value of a variable: of the process, or else of the configuration's <c>env</c>; null when unset or empty.
    /// </summary>
    public string? Variable(string name) =>
        Env.Find(name, environment) is { } value && value.Reveal().Length > 0 ? value.Reveal() : null;

    public void Refuse(Json5Value at, KeyPath path, string reason) => Refuse(at.Source, at.Position, path.Shown, reason);

    public void Refuse(Json5Member at, KeyPath path, string reason) => Refuse(at.Value.Source, at.Position, path.Shown, reason);

    /// <summary>
    /// ClawGrpc does not understand the value. In a file of OpenClaw's it is ignored with a warning, since a newer OpenClaw may
    /// have written it; in ClawGrpc's own file it is an error.
    /// </summary>
    public void Misunderstand(Json5Value at, KeyPath path, string reason)
    {
        if (IsTheirs(at.Source))
            Warn(at, path, $"Ignored: {reason}");
        else
            Refuse(at, path, reason);
    }

    /// <inheritdoc cref="Misunderstand(Json5Value, KeyPath, string)"/>
    public void Misunderstand(Json5Member at, KeyPath path, string reason)
    {
        if (IsTheirs(at.Value.Source))
            Warn(at.Value.Source, at.Position, path.Shown, $"Ignored: {reason}");
        else
            Refuse(at, path, reason);
    }

    /// <summary>The value is of another kind than expected.</summary>
    public void MisunderstandKind(Json5Value at, KeyPath path, string expected) =>
        Misunderstand(at, path, KindReason(at, expected));

    /// <summary>The error for a value of another kind than expected.</summary>
    public static string KindReason(Json5Value at, string expected)
    {
        var received = at is Json5Number { Value: double.NaN } ? "NaN" : at.Kind;
        return $"Invalid input: expected {expected}, received {received}";
    }

    public void Refuse(Json5Exception syntax) =>
        _errors.Add(new ConfigurationError(syntax.SourceName, syntax.Position.Line, syntax.Position.Column, "", syntax.Message));

    public void Warn(Json5Value at, KeyPath path, string reason) => Warn(at.Source, at.Position, path.Shown, reason);

    private void Warn(Json5Source source, Json5Position position, string path, string reason) =>
        _warnings.Add(new ConfigurationError(source.Name, position.Line, position.Column, path, reason));

    private void Refuse(Json5Source source, Json5Position position, string path, string reason) =>
        _errors.Add(new ConfigurationError(source.Name, position.Line, position.Column, path, reason));
}
