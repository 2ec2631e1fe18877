using ClawGrpc.Core.Configuration;

namespace ClawGrpc.Core.Tests.Configuration;

/// <summary>A folder with a configuration, and the environment of the process that reads it.</summary>
internal sealed class Folder
{
    public const string Path = "/home/me/.clawgrpc/clawgrpc.json";

    private readonly Dictionary<string, string> _files = [];
    private readonly Dictionary<string, string> _environment = [];

    public static Folder With(string configuration) => new Folder().And(Path, configuration);

    public static ClawConfiguration Accept(string configuration) => With(configuration).Accept();

    public static string[] Refuse(string configuration) => With(configuration).Refuse();

    public Folder And(string path, string text)
    {
        _files[path] = text;
        return this;
    }

    public Folder Where(string variable, string value)
    {
        _environment[variable] = value;
        return this;
    }

    public ConfigurationOutcome Read() =>
        ConfigurationReader.Read(Path, path => _files.GetValueOrDefault(path), name => _environment.GetValueOrDefault(name));

    public ClawConfiguration Accept() => Read() switch
    {
        ConfigurationOutcome.Accepted accepted => accepted.Configuration,
        ConfigurationOutcome.Rejected rejected => throw new InvalidOperationException(string.Join('\n', rejected.Errors)),
        var other => throw new InvalidOperationException(other.ToString()),
    };

    /// <summary>Line, column and problem of every error; errors of other files with the file's name.</summary>
    public string[] Refuse() =>
        [.. Assert.IsType<ConfigurationOutcome.Rejected>(
            Read()).Errors.Select(error => error.ToString().Replace(Path + ":", "", StringComparison.Ordinal))];
}
