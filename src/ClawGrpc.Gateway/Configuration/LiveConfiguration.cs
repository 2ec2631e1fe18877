using ClawGrpc.Core.Routing;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway.Stores;
using ConfigurationError = ClawGrpc.Core.Configuration.ConfigurationError;

namespace ClawGrpc.Gateway.Configuration;

/// <summary>The configuration in force, and what is wrong with the one on disk.</summary>
/// <param name="Configuration">The last good one.</param>
/// <param name="Errors">What is wrong with the files as they are; empty: nothing.</param>
/// <param name="Files">The files to watch, the configuration first.</param>
internal sealed record ConfigurationState(ClawConfiguration Configuration, ImmutableArray<ConfigurationError> Errors, ImmutableArray<string> Files);

/// <summary>Reads the configuration, takes up its changes, and edits it. A broken file stops a start; later the last good one stays in force.</summary>
internal sealed partial class LiveConfiguration(StateFolder folder, ILogger<LiveConfiguration> log) : IDisposable
{
    private readonly ConfigFile _file = new(folder.ConfigPath);
    private readonly ConcurrentDictionary<string, ConfigFile> _included = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _oneReader = new(1);
    private ImmutableArray<(string Path, string? Text)> _texts = [];
    private volatile ConfigurationState _current = new(ClawConfiguration.None, [], []);
    private volatile string _editedPath = folder.ConfigPath;

    /// <summary>The variable that names the upstream when the configuration does not.</summary>
    public const string BaseUrl = "ANTHROPIC_BASE_URL";

    public string Path => _file.Path;

    /// <summary>The file that commands edit: the configuration, or the one that ClawGrpc's own includes.</summary>
    public string EditedPath => _editedPath;

    public ConfigurationState Current => _current;

    /// <summary>Whose rules hold for the folder.</summary>
    public Generation Generation => folder.GenerationOf(_current.Files, _current.Configuration.WrittenBy);

    /// <summary>The environment of the process, with the configuration's own variables behind it.</summary>
    public Core.Secret? Variable(string name) => _current.Configuration.Env.Find(name, Environment.GetEnvironmentVariable) is { IsBlank: false } value ? value : null;

    /// <summary>Reads it for the first time.</summary>
    /// <exception cref="UnusableConfigurationException">It cannot be used; all errors with their places.</exception>
    public async Task StartAsync()
    {
        AtomicFile.RemoveLeftovers(System.IO.Path.GetDirectoryName(Path)!);
        await ReloadAsync();
        if (!_current.Errors.IsEmpty)
            throw new UnusableConfigurationException(TextOf(_current.Errors));
    }

    /// <summary>Reads it again. True: what is in force, or what is wrong, has changed.</summary>
    public async Task<bool> ReloadAsync()
    {
        // One after the other: who began to read later has read what is newer.
        await _oneReader.WaitAsync();
        try
        {
            var texts = ImmutableArray.CreateBuilder<(string, string?)>();
            var outcome = await Task.Run(() => Read(null, texts));
            if (_texts.SequenceEqual(texts))
                return false;
            _texts = texts.ToImmutable();
            Take(outcome);
            if (outcome is not ConfigurationOutcome.Accepted accepted)
                return true;
            _editedPath = FileToEdit(texts.First().Item2);
            foreach (var warning in accepted.Warnings)
                LogWarning(warning);
            return true;
        }
        finally
        {
            _oneReader.Release();
        }
    }

    /// <summary>Refuses when the file on disk cannot be used now, so that a call that is going to edit it does nothing by halves.</summary>
    /// <exception cref="RefusedException">CONFIGURATION_INVALID.</exception>
    public async Task CheckAsync()
    {
        if (await Task.Run(() => Read(null)) is ConfigurationOutcome.Rejected rejected)
            throw Invalid(rejected.Errors).ToException();
    }

    /// <summary>Edits the file and takes the result up. On disk when it returns.</summary>
    /// <param name="edit">From the text to the new text.</param>
    /// <param name="cancellation">Gives up waiting; a write that has begun is finished.</param>
    /// <exception cref="RefusedException">CONFIGURATION_INVALID: the file, or what the edit makes of it, cannot be used; nothing was written.</exception>
    public async Task EditAsync(Func<string, ConfigurationEdit> edit, CancellationToken cancellation)
    {
        await CheckAsync();
        var path = FileToEdit(TextOf(Path));
        var file = path == Path ? _file : _included.GetOrAdd(path, static included => new ConfigFile(included));
        await file.UpdateAsync(
            text =>
            {
                if (Read(null) is ConfigurationOutcome.Rejected broken)
                    throw Invalid(broken.Errors).ToException();
                var edited = edit(text ?? ConfigurationEdit.NoFile);
                if (edited.Refusal is { } refusal)
                    throw new Refusal(RefusalReason.ModelNotFound, RefusalCode.NotFound, refusal).ToException();
                return Read((path, edited.Text)) is ConfigurationOutcome.Rejected rejected ? throw Invalid(rejected.Errors).ToException() : edited.Text;
            },
            cancellation);
        await ReloadAsync();
    }

    public void Dispose()
    {
        _file.Dispose();
        foreach (var file in _included.Values)
            file.Dispose();
        _oneReader.Dispose();
    }

    private string FileToEdit(string? text) => System.IO.Path.GetFileName(Path) == StateFolder.OwnConfig ? EditedFile.Of(Path, text) : Path;

    private ConfigurationOutcome Read((string Path, string Text)? instead, ImmutableArray<(string, string?)>.Builder? read = null)
    {
        try
        {
            return Checked(ConfigurationReader.Read(Path, TextAndNote, Environment.GetEnvironmentVariable));
        }
        catch (StateUnreadableException unreadable)
        {
            read?.Add((unreadable.Path, unreadable.Message));
            return new ConfigurationOutcome.Rejected([new ConfigurationError(unreadable.Path, 0, 0, "", unreadable.Reason)], [unreadable.Path]);
        }

        string? TextAndNote(string path)
        {
            var text = instead is { } edited && path == edited.Path ? edited.Text : TextOf(path);
            read?.Add((path, text));
            return text;
        }
    }

    private ConfigurationOutcome Checked(ConfigurationOutcome outcome) =>
        outcome is ConfigurationOutcome.Accepted { Configuration.Env: var env, Files: var files }
        && env.Find(BaseUrl, Environment.GetEnvironmentVariable) is { IsBlank: false } url && !ProviderConfiguration.IsBaseUrl(url.Reveal().Trim())
            ? new ConfigurationOutcome.Rejected([new ConfigurationError(Path, 0, 0, $"env.{BaseUrl}", ProviderConfiguration.NoBaseUrl)], files)
            : outcome;

    private void Take(ConfigurationOutcome outcome) => _current = outcome switch
    {
        ConfigurationOutcome.Accepted accepted => new ConfigurationState(accepted.Configuration, [], accepted.Files),
        ConfigurationOutcome.Rejected rejected => _current with { Errors = rejected.Errors, Files = rejected.Files },
        _ => throw new InvalidOperationException($"Unknown outcome {outcome}."),
    };

    private static string? TextOf(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StateUnreadableException(path, exception.Message, exception);
        }
    }

    // As the programs have it, with the place behind: file, line and column.
    private string TextOf(ImmutableArray<ConfigurationError> errors) =>
        $"Invalid config at {Path}:{string.Concat(errors.Select(error => $"\n- {error.Problem} ({error.File}:{error.Line}:{error.Column})"))}";

    private Refusal Invalid(ImmutableArray<ConfigurationError> errors) =>
        new Refusal(RefusalReason.ConfigurationInvalid, RefusalCode.FailedPrecondition, $"{TextOf(errors)}\nNothing was changed. Mend the file; it is taken up by itself.")
            .With("path", errors[0].File).With("line", $"{errors[0].Line}").With("column", $"{errors[0].Column}").With("key_path", errors[0].KeyPath);

    [LoggerMessage(40, LogLevel.Warning, "Configuration: {Warning}")]
    private partial void LogWarning(ConfigurationError warning);
}
