using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Configuration;

/// <summary>
/// Reads the configuration, takes up its changes, and edits it. A broken file prevents a start; later the last good configuration
/// stays in force, also when its file is gone.
/// </summary>
internal sealed partial class LiveConfiguration(
    StateFolder folder, IStateStore store, ILogger<LiveConfiguration> log) : IDisposable
{
    /// <summary>The variable that names the upstream if the configuration does not.</summary>
    public const string BaseUrl = "ANTHROPIC_BASE_URL";

    // Serializes reading, editing and taking up, so that a later reading never gives way to an earlier one.
    private readonly SemaphoreSlim _gate = new(1);
    private ConfigurationReading? _inForce;
    private volatile ConfigurationState _current = new(ClawConfiguration.None, [], [], []);
    private volatile string? _usedPath;
    private volatile string _editedPath = folder.ConfigPath;

    /// <summary>
    /// Raised, whoever caused it, once another configuration is in force, or once something else is wrong with the files. An edit
    /// returns after that.
    /// </summary>
    public event Action? Changed;

    public string Path => folder.ConfigPathAfter(_usedPath);

    /// <summary>Where it is, for people.</summary>
    public string Place => store.PlaceOfConfiguration(Path);

    /// <summary>Where the edited document is, for people: the configuration, or what ClawGrpc's own includes.</summary>
    public string EditedPlace => store.PlaceOfConfiguration(_editedPath);

    /// <summary>Whether the document that commands edit is there.</summary>
    public bool HasEdited => store.ReadConfiguration(_editedPath) is not null;

    public ConfigurationState Current => _current;

    /// <summary>The generation of programs whose rules hold for the folder.</summary>
    public Generation Generation => folder.GenerationOf(_current.Used, _current.Configuration.WrittenBy);

    /// <summary>A variable of the process, or else of the configuration's <c>env</c>; null if it is unset or blank.</summary>
    public Secret? Variable(string name) =>
        _current.Configuration.Env.Find(name, Environment.GetEnvironmentVariable) is { IsBlank: false } value ? value : null;

    /// <inheritdoc cref="ConfigurationReading.UpstreamOf"/>
    public string UpstreamUrl => ConfigurationReading.UpstreamOf(_current.Configuration);

    /// <summary>The origin that requests go to.</summary>
    public string Origin => UpstreamOrigin.Of(new Uri(UpstreamUrl));

    /// <summary>Reads the configuration for the first time.</summary>
    /// <exception cref="UnusableConfigurationException">It cannot be used; all errors with their places.</exception>
    public async Task StartAsync()
    {
        AtomicFile.RemoveLeftovers(System.IO.Path.GetDirectoryName(Path)!);
        await ReloadAsync();
        if (!_current.Errors.IsEmpty)
            throw new UnusableConfigurationException(TextOf(_current.Errors));
    }

    /// <summary>Reads the files again and takes them up if they have changed.</summary>
    public async Task<ConfigurationReading> ReloadAsync()
    {
        await _gate.WaitAsync();
        try
        {
            var reading = await ReadAsync();
            TakeUp(reading);
            return reading;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Reads the files again, and refuses if they cannot be used: a call that is going to edit the configuration asks this before
    /// it changes anything else.
    /// </summary>
    /// <returns>For <see cref="EditAsync"/>, which then does not read the files another time.</returns>
    /// <exception cref="RefusedException">CONFIGURATION_INVALID.</exception>
    public async Task<ConfigurationReading> CheckAsync() => Usable(await ReloadAsync());

    /// <summary>Edits the configuration and takes the result up. On disk when it returns.</summary>
    /// <param name="edit">From the text to the new text. Called again if another program writes in between.</param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <param name="known">What <see cref="CheckAsync"/> gave in the same call; null to read the files now.</param>
    /// <exception cref="RefusedException">
    /// The files, or what the edit makes of them, cannot be used, or the edit itself refuses. Nothing was written.
    /// </exception>
    public async Task EditAsync(
        Func<string, ConfigurationEdit> edit, CancellationToken cancellation, ConfigurationReading? known = null)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            var reading = known ?? Usable(await ReadAsync());
            var path = FileToEdit(reading);
            await store.EditConfigurationAsync(
                path,
                text =>
                {
                    if (text != reading.TextOf(path))
                        reading = Usable(Read());
                    var edited = Edited(edit, text ?? ConfigurationEdit.NoFile, path);
                    if (edited.Refusal is { } refusal)
                        throw new Refusal(edited.Reason, CodeOf(edited.Reason), refusal).ToException();
                    reading = Usable(reading.With(path, edited.Text, store.ReadConfiguration));
                    return edited.Text;
                },
                cancellation);
            TakeUp(reading);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private Task<ConfigurationReading> ReadAsync() => Task.Run(Read);

    private ConfigurationReading Read()
    {
        var reading = ConfigurationReading.Of(Path, store.ReadConfiguration);
        return _usedPath is null || reading.TextOf(reading.Path) is not null ? reading : reading.AsMissing();
    }

    private string FileToEdit(ConfigurationReading reading) =>
        System.IO.Path.GetFileName(Path) == StateFolder.OwnConfig ? EditedFile.Of(Path, reading.TextOf(Path)) : Path;

    private void TakeUp(ConfigurationReading reading)
    {
        if (_inForce?.IsSameAs(reading) == true)
            return;
        var isStart = _inForce is null;
        _inForce = reading;
        switch (reading.Outcome)
        {
            case ConfigurationOutcome.Accepted accepted:
                _current = new ConfigurationState(accepted.Configuration, [], accepted.Files, accepted.Files)
                {
                    Warnings = accepted.Warnings,
                };
                _usedPath = reading.TextOf(reading.Path) is null ? null : reading.Path;
                _editedPath = FileToEdit(reading);
                if (!isStart)
                    LogTakenUp(Place);
                foreach (var warning in accepted.Warnings)
                    LogWarning(warning);
                break;
            case ConfigurationOutcome.Rejected rejected:
                _current = _current with { Errors = rejected.Errors, Files = rejected.Files };
                if (!isStart)
                    LogRejected(TextOf(rejected.Errors));
                break;
        }

        Changed?.Invoke();
    }

    // A section that has another form than the commands know, as a newer OpenClaw may have written it, is not edited.
    private ConfigurationEdit Edited(Func<string, ConfigurationEdit> edit, string text, string path)
    {
        try
        {
            return edit(text);
        }
        catch (ArgumentException exception)
        {
            throw new Refusal(
                RefusalReason.ConfigurationInvalid, RefusalCode.FailedPrecondition,
                $"{store.PlaceOfConfiguration(path)} cannot be edited: {exception.Message}").With("path", path).ToException();
        }
    }

    private ConfigurationReading Usable(ConfigurationReading reading) => reading.Outcome is ConfigurationOutcome.Rejected rejected
        ? throw new Refusal(
            RefusalReason.ConfigurationInvalid, RefusalCode.FailedPrecondition,
            $"{TextOf(rejected.Errors)}\nNothing was changed. Mend the file; it is taken up by itself.")
            .With("path", rejected.Errors[0].File)
            .With("line", $"{rejected.Errors[0].Line}")
            .With("column", $"{rejected.Errors[0].Column}")
            .With("key_path", rejected.Errors[0].KeyPath).ToException()
        : reading;

    private static RefusalCode CodeOf(RefusalReason reason) => reason switch
    {
        RefusalReason.InUse => RefusalCode.FailedPrecondition,
        RefusalReason.AgentExists => RefusalCode.AlreadyExists,
        _ => RefusalCode.NotFound,
    };

    // In the programs' words, with the place behind each.
    private string TextOf(ImmutableArray<ConfigurationError> errors) =>
        (errors.All(error => error.File.Length == 0) ? "Invalid environment:" : $"Invalid config at {Place}:")
        + string.Concat(errors.Select(error => $"\n- {error.Problem} ({error.Place})"));

    [LoggerMessage(40, LogLevel.Warning, "Configuration: {Warning}")]
    private partial void LogWarning(ConfigurationError warning);

    [LoggerMessage(42, LogLevel.Information, "The configuration {Path} has changed and is in force")]
    private partial void LogTakenUp(string path);

    [LoggerMessage(41, LogLevel.Warning, "{Errors}\nThe last good configuration stays in force.")]
    private partial void LogRejected(string errors);
}
