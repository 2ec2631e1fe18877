using System.CommandLine;
using System.Globalization;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary>The options of <c>models status --probe</c> (openclaw-spec.md, section 7.3), and the probe.</summary>
internal sealed record ProbeOptions
{
    public Option<bool> Probe { get; } = new("--probe") { Description = "Probe configured provider auth (live)" };

    public Option<string?> Provider { get; } = new("--probe-provider")
    {
        Description = "Only probe a single provider",
        HelpName = "name",
    };

    public Option<string[]> Profiles { get; } = new("--probe-profile")
    {
        Description = "Only probe specific auth profile ids (repeat or comma-separated)",
        HelpName = "id",
    };

    public Option<string?> Timeout { get; } = new("--probe-timeout")
    {
        Description = "Per-probe timeout in ms (default: 8000)",
        HelpName = "ms",
    };

    public Option<string?> Concurrency { get; } = new("--probe-concurrency")
    {
        Description = "Concurrent probes (default: 2)",
        HelpName = "n",
    };

    public Option<string?> MaxTokens { get; } = new("--probe-max-tokens")
    {
        Description = "Probe max tokens (default: 8)",
        HelpName = "n",
    };

    public IEnumerable<Symbol> All => [Probe, Provider, Profiles, Timeout, Concurrency, MaxTokens];

    /// <summary>Probes the profiles; null without <c>--probe</c>.</summary>
    /// <exception cref="CliFailure">An option has an invalid value.</exception>
    public async Task<ProbeRun?> RunAsync(Invocation invocation, OutputForm form, CancellationToken cancellation)
    {
        if (invocation.Get(Probe) && form == OutputForm.Plain)
            throw CliFailure.Failed("--probe cannot be used with --plain output.");
        var timeout = Positive(invocation.Get(Timeout), 8000, "--probe-timeout must be a positive number (ms).");
        var concurrency = Positive(invocation.Get(Concurrency), 2, "--probe-concurrency must be > 0.");
        var maxTokens = Positive(invocation.Get(MaxTokens), 8, "--probe-max-tokens must be > 0.");
        if (!invocation.Get(Probe))
            return null;
        var request = new ProbeProfilesRequest
        {
            AgentId = invocation.AgentId,
            Provider = invocation.Get(Provider)?.Trim() ?? "",
            Timeout = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(timeout)),
            Concurrency = concurrency,
            MaxTokens = maxTokens,
        };
        foreach (var ids in invocation.Get(Profiles) ?? [])
            request.ProfileIds.AddRange(ids.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        var started = invocation.Environment.Time.GetUtcNow();
        using var call = invocation.Auth.ProbeProfiles(request, cancellationToken: cancellation);
        var results = new List<ProbeProfilesResponse>();
        await foreach (var result in call.ResponseStream.ReadAllAsync(cancellation))
            results.Add(result);
        return new ProbeRun(request, results, started, invocation.Environment.Time.GetUtcNow());
    }

    private static int Positive(string? text, int otherwise, string complaint)
    {
        if (string.IsNullOrEmpty(text))
            return otherwise;
        var isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number);
        return isNumber && number is > 0 and <= int.MaxValue ? (int)Math.Ceiling(number) : throw CliFailure.Failed(complaint);
    }
}
