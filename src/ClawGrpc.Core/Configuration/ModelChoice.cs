using System.Collections.Immutable;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// Which model to use, and which after it: <c>"…"</c> or <c>{ primary, fallbacks }</c> (openclaw-spec.md, section 2.2).
/// </summary>
internal sealed record ModelChoice
{
    /// <summary>Nothing said.</summary>
    public static readonly ModelChoice None = new();

    /// <summary>The model as it is written: an alias, a short id or <c>provider/model</c>; null if not set.</summary>
    public string? Primary { get; init; }

    /// <summary>What to try when the primary one cannot serve, in order; null if not set; empty if there is nothing.</summary>
    public ImmutableArray<string>? Fallbacks { get; init; }

    /// <summary>This choice, completed by the other one.</summary>
    public ModelChoice Over(ModelChoice under)
    {
        return new ModelChoice { Primary = Primary ?? under.Primary, Fallbacks = Fallbacks ?? under.Fallbacks };
    }

    internal static ModelChoice Read(Field? choice)
    {
        if (choice?.Value is Json5String)
            return new ModelChoice { Primary = Said(choice.Text()) };
        if (choice?.Section() is not { } section)
            return None;
        var read = new ModelChoice { Primary = Said(section.Text("primary")), Fallbacks = section.Texts("fallbacks") };
        section.RefuseOthers();
        return read;
    }

    private static string? Said(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

/// <summary>An entry of <c>agents.defaults.models</c>.</summary>
/// <param name="Key">As the file names it, usually <c>provider/model</c>.</param>
/// <param name="Alias">A short name for it; null if not set; empty if none, not even a default one.</param>
/// <param name="Parameters">Sent with each request to it.</param>
internal sealed record ModelEntry(string Key, string? Alias, ModelParameters Parameters)
{
    internal static ModelEntry Read(string key, Fields entry)
    {
        var read = new ModelEntry(key, entry.Text("alias")?.Trim(), ModelParameters.Read(entry.Find("params")));
        entry.Ignore("streaming", "agentRuntime", "pickerRuntimes", "codeMode");
        entry.RefuseOthers();
        if (read.Parameters.Temperature is not null && ModelRef.ParseKey(key) is { Provider: Provider.Anthropic } model
            && !Sampling.IsFree(model.Model))
        {
            entry.Find("params")?.Section("record")?.Find("temperature")?.Warn("Ignored: this model takes no temperature");
        }
        return read;
    }
}
