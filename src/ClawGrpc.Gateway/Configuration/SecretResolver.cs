using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using ClawGrpc.Core;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Configuration;

/// <summary>
/// Looks up secrets that are kept elsewhere, each time they are needed: variables and files may change. It runs no programs.
/// </summary>
internal sealed partial class SecretResolver(
    LiveConfiguration configuration, StateFolder folder, TimeProvider time, ILogger<SecretResolver> log)
{
    private const string NoProvider = "secrets.providers has no such provider";

    private const UnixFileMode Written = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const UnixFileMode Seen = UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    // A file whose identity is the same, and that was not written just now, says the same.
    private readonly ConcurrentDictionary<(string Path, string Pointer), Known> _known = new();

    // Files that the log has warned of.
    private readonly ConcurrentDictionary<string, UnixFileMode> _seen = new();

    /// <summary>The files that secrets were looked up in, for those who show what is in force.</summary>
    public FileChanges Files { get; } = new(time);

    /// <summary>What a reference comes to now.</summary>
    public ResolvedSecret Resolve(SecretReference reference)
    {
        var secrets = configuration.Current.Configuration.Secrets;
        var provider = secrets.Find(reference);
        if (provider is not null && provider.Source != reference.Source)
            return ResolvedSecret.Not($"secrets.providers has \"{provider.Name}\" with another source");
        return reference.Source switch
        {
            SecretReference.Environment => OfVariable(reference, provider, secrets),
            SecretReference.File => OfFile(reference, provider, secrets),
            SecretReference.Program => ResolvedSecret.Not("ClawGrpc runs no programs for secrets (source exec); use env or file"),
            _ => ResolvedSecret.Not("its source is not supported; use env or file"),
        };
    }

    private ResolvedSecret OfVariable(SecretReference reference, SecretProvider? provider, SecretsConfiguration secrets)
    {
        if (provider is null && reference.Provider is not null && reference.Provider is not "default"
            && reference.Provider != secrets.NameOf(reference with { Provider = null }))
        {
            return ResolvedSecret.Not(NoProvider);
        }
        if (reference.Id.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter != '_'))
            return ResolvedSecret.Not("its id is not the name of a variable");
        if (provider?.Allowlist is { } allowed && !allowed.Contains(reference.Id))
            return ResolvedSecret.Not("the allowlist of its provider does not have the variable");
        return configuration.Variable(reference.Id) is { } value
            ? new ResolvedSecret(value, null)
            : ResolvedSecret.Not("the environment has no such variable, or a blank one");
    }

    private ResolvedSecret OfFile(SecretReference reference, SecretProvider? provider, SecretsConfiguration secrets)
    {
        if (provider is { Path: null })
            return ResolvedSecret.Not($"secrets.providers.{secrets.NameOf(reference)} names no path");
        var path = provider?.Path ?? reference.Id;
        if (!path.StartsWith('/') && path != "~" && !path.StartsWith("~/", StringComparison.Ordinal))
        {
            return ResolvedSecret.Not(provider is null
                ? NoProvider
                : $"secrets.providers.{provider.Name}.path is not absolute");
        }
        if (provider is { IsSingleValue: true } && reference.Id != "value")
            return ResolvedSecret.Not("its provider has a single value, whose id is \"value\"");
        var pointer = provider is { IsSingleValue: false } ? reference.Id : "";
        if (provider is { IsSingleValue: false } && !pointer.StartsWith('/'))
            return ResolvedSecret.Not("its id is not a JSON pointer, such as /anthropic/apiKey");
        return Read(folder.Expand(path), pointer);
    }

    private ResolvedSecret Read(string path, string pointer)
    {
        Files.Add(path);
        try
        {
            var identity = FileIdentity.Of(path);
            if (_known.TryGetValue((path, pointer), out var known) && known.File == identity && known.File?.IsSettled == true)
                return known.Resolved;
            var resolved = WholeFile.Read(path) is not { } bytes ? ResolvedSecret.Not("there is no such file")
                : IsPrivate(path) ? Find(bytes, pointer)
                : ResolvedSecret.Not("the file can be written by others than its owner; chmod go-rwx it");
            _known[(path, pointer)] = new Known(identity, resolved);
            return resolved;
        }
        catch (StateUnreadableException unreadable)
        {
            return ResolvedSecret.Not($"the file cannot be read ({unreadable.Reason})");
        }
        catch (IOException exception)
        {
            return ResolvedSecret.Not($"the file cannot be read ({exception.Message.TrimEnd('.')})");
        }
    }

    // Who can write to the file decides which credential is used. One that others can only read is theirs too, but mounted
    // secrets are often like that.
    private bool IsPrivate(string path)
    {
        var mode = File.GetUnixFileMode(path);
        if ((mode & Written) != 0)
            return false;
        if ((mode & Seen) != 0 && _seen.TryAdd(path, mode))
            LogSeen(path, Convert.ToString((int)mode, 8));
        return true;
    }

    [LoggerMessage(51, LogLevel.Warning,
        "The secret in {Path} can be read by others than its owner (mode {Mode}). Mend it: chmod go-rwx it")]
    private partial void LogSeen(string path, string mode);

    // The whole file, or the text at an RFC 6901 pointer into it.
    private static ResolvedSecret Find(byte[] bytes, string pointer)
    {
        var text = Encoding.UTF8.GetString(bytes);
        if (pointer.Length == 0)
            return string.IsNullOrWhiteSpace(text) ? ResolvedSecret.Not("the file is empty") : ResolvedSecret.Of(text);
        if (JsonTreeParser.Parse(text.TrimStart('\uFEFF'), out _) is not JsonObject root)
            return ResolvedSecret.Not("the file is not a JSON object");
        JsonTree? found = root;
        foreach (var step in pointer.Split('/').Skip(1).Select(step => step.Replace("~1", "/").Replace("~0", "~")))
        {
            found = found switch
            {
                JsonObject members => members[step],
                JsonArray { Items: var items }
                    when int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at < items.Length =>
                    items[at],
                _ => null,
            };
        }

        return found is JsonString { Value: var value } && !string.IsNullOrWhiteSpace(value)
            ? ResolvedSecret.Of(value)
            : ResolvedSecret.Not("the file has no text there");
    }

    private sealed record Known(FileIdentity? File, ResolvedSecret Resolved);
}
