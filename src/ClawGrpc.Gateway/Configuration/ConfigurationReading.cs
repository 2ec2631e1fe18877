using System.Collections.Immutable;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Configuration;

/// <summary>What the configuration and the files that it includes held at one time, and what that comes to. Immutable.</summary>
internal sealed record ConfigurationReading
{
    private const string DefaultBaseUrl = "https://api.anthropic.com";

    private readonly ImmutableDictionary<string, string?> _texts;

    private ConfigurationReading(string path, ConfigurationOutcome outcome, ImmutableDictionary<string, string?> texts) =>
        (Path, Outcome, _texts) = (path, outcome, texts);

    /// <summary>The configuration file.</summary>
    public string Path { get; }

    public ConfigurationOutcome Outcome { get; }

    /// <summary>Reads the files.</summary>
    /// <param name="path">The configuration file, absolute.</param>
    /// <param name="read">The text of a file; null if there is no such file.</param>
    public static ConfigurationReading Of(string path, Func<string, string?> read)
    {
        var texts = ImmutableDictionary.CreateBuilder<string, string?>(StringComparer.Ordinal);
        try
        {
            var outcome = ConfigurationReader.Read(path, Note, Environment.GetEnvironmentVariable);
            return new ConfigurationReading(path, Reachable(Checked(outcome), path), texts.ToImmutable());
        }
        catch (StateUnreadableException unreadable)
        {
            // The message stands for the text: a reading that fails otherwise is another one.
            texts[unreadable.Path] = unreadable.Message;
            var error = new ConfigurationError(unreadable.Path, 0, 0, "", unreadable.Reason);
            var rejected = new ConfigurationOutcome.Rejected([error], [unreadable.Path]);
            return new ConfigurationReading(path, rejected, texts.ToImmutable());
        }

        string? Note(string file) => texts[file] = read(file);
    }

    /// <summary>The same of a file that must be there and is not.</summary>
    public ConfigurationReading AsMissing()
    {
        var error = new ConfigurationError(Path, 0, 0, "", "the file is gone; put it back, or restart the server without it");
        return new ConfigurationReading(Path, new ConfigurationOutcome.Rejected([error], [Path]), _texts);
    }

    /// <summary>The text of a file that was read; null if there was no such file.</summary>
    public string? TextOf(string path) => _texts.GetValueOrDefault(path);

    /// <summary>The same with another text of one file. Reads no file that has been read.</summary>
    public ConfigurationReading With(string path, string text, Func<string, string?> read)
    {
        var texts = _texts.SetItem(path, text);
        return Of(Path, file => texts.TryGetValue(file, out var known) ? known : read(file));
    }

    /// <summary>Where requests go: the configured upstream, else that of the environment, else Anthropic.</summary>
    public static string UpstreamOf(ClawConfiguration configuration) =>
        (configuration.Models.Anthropic is { BaseUrl: { Length: > 0 } own } ? own.Trim() : VariableOf(configuration))
            ?? DefaultBaseUrl;

    /// <summary>Whether all files held the same.</summary>
    public bool IsSameAs(ConfigurationReading other) => _texts.Count == other._texts.Count
        && _texts.All(text => other._texts.TryGetValue(text.Key, out var theirs) && theirs == text.Value);

    // The URL that counts when the configuration names none. An error names its source.
    private static ConfigurationOutcome Checked(ConfigurationOutcome outcome)
    {
        if (outcome is not ConfigurationOutcome.Accepted accepted || accepted.Configuration.Models.Anthropic?.BaseUrl is not null)
            return outcome;
        var env = accepted.Configuration.Env;
        if (env.Find(LiveConfiguration.BaseUrl, Environment.GetEnvironmentVariable) is not { IsBlank: false } url
            || ProviderConfiguration.IsBaseUrl(url.Reveal().Trim()))
        {
            return outcome;
        }
        var isOwn = !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(LiveConfiguration.BaseUrl));
        var (file, line, column) = isOwn ? ("", 0, 0) : env.Places[LiveConfiguration.BaseUrl];
        var key = isOwn ? LiveConfiguration.BaseUrl : $"env.{LiveConfiguration.BaseUrl}";
        var error = new ConfigurationError(file, line, column, key, ProviderConfiguration.NoBaseUrl);
        return new ConfigurationOutcome.Rejected([error], accepted.Files);
    }

    // Where secrets would go unencrypted: to an upstream of the environment, or to a proxy.
    private static ConfigurationOutcome Reachable(ConfigurationOutcome outcome, string path)
    {
        if (outcome is not ConfigurationOutcome.Accepted { Configuration: var configuration })
            return outcome;
        if (configuration is { Models.Anthropic.CleartextError: { } cleartext, Service.AllowPlaintext: false })
            return new ConfigurationOutcome.Rejected([cleartext], outcome.Files);
        if (configuration.Models.Anthropic is not { BaseUrl.Length: > 0 } && !configuration.Service.AllowPlaintext
            && VariableOf(configuration) is { } url && UpstreamOrigin.IsCleartext(new Uri(url)))
        {
            return Rejected($"env.{LiveConfiguration.BaseUrl}", ProviderConfiguration.Cleartext);
        }
        if ((configuration.Models.Anthropic is { BaseUrl: { Length: > 0 } own } ? own : VariableOf(configuration)) is { } upstream
            && UpstreamProxy.Refusal(new Uri(upstream.Trim())) is { } proxied)
        {
            return Rejected("models.providers.anthropic.baseUrl", proxied);
        }
        return configuration.Service.OAuth is { TokenUrl: var tokenUrl } && UpstreamProxy.Refusal(tokenUrl) is { } refusal
            ? Rejected("clawgrpc.oauth.tokenUrl", refusal)
            : outcome;

        ConfigurationOutcome.Rejected Rejected(string key, string reason) =>
            new([new ConfigurationError(path, 0, 0, key, reason)], outcome.Files);
    }

    private static string? VariableOf(ClawConfiguration configuration) =>
        configuration.Env.Find(LiveConfiguration.BaseUrl, Environment.GetEnvironmentVariable) is { IsBlank: false } url
            ? url.Reveal().Trim()
            : null;
}
