using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>The sandbox as a program of its own.</summary>
internal static class Program
{
    private const string Usage = """
        usage: sandbox [OPTION]...

          --listen http://ADDRESS:PORT  where to listen; port 0 takes a free one (default http://127.0.0.1:0)
          --script FILE                 JSON: faults, or an object with "faults" and "keys"
          --token-delay-ms N            pause between the events of a stream (default 0)
          --min-cache-tokens N          shortest prefix that is cached (default: each model's own)
          --model ID                    a model that exists besides the usual ones; may be repeated
          --bench                       cheapest answers, for benchmarks: no checks, no faults, no log
          --quiet                       say nothing when stopping

        Prints one line when ready: sandbox listening on http://ADDRESS:PORT
        """;

    private static async Task<int> Main(string[] args)
    {
        if (args.Contains("--help"))
        {
            await Console.Out.WriteLineAsync(Usage);
            return 0;
        }

        var isQuiet = args.Contains("--quiet");
        SandboxOptions options;
        try
        {
            options = Parse(args);
        }
        catch (Exception error)
            when (error is ArgumentException or FormatException or OverflowException or IOException or JsonException)
        {
            await Console.Error.WriteLineAsync($"sandbox: {error.Message}\n{Usage}");
            return 2;
        }

        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopped.TrySetResult();
        }

        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            await using var sandbox = await Sandbox.StartAsync(options);
            await Console.Out.WriteLineAsync($"sandbox listening on {sandbox.BaseUrl}");
            await stopped.Task;
            if (!isQuiet)
            {
                await Console.Error.WriteLineAsync($"sandbox stopped after {sandbox.Requests.Count} requests");
            }

            return 0;
        }
        catch (Exception error) when (error is IOException or ArgumentException or UriFormatException)
        {
            await Console.Error.WriteLineAsync($"sandbox: {error.Message}");
            return 1;
        }
    }

    private static SandboxOptions Parse(string[] args)
    {
        var options = new SandboxOptions();
        for (var i = 0; i < args.Length; i++)
        {
            string Value() => ++i < args.Length ? args[i] : throw new ArgumentException($"{args[i - 1]} needs a value.");
            options = args[i] switch
            {
                "--listen" => options with { Listen = Value() },
                "--script" => WithScript(options, SandboxScript.Parse(File.ReadAllBytes(Value()))),
                "--token-delay-ms" => options with { TokenDelay = TimeSpan.FromMilliseconds(Number(Value())) },
                "--min-cache-tokens" => options with { MinimumCacheableTokens = Number(Value()) },
                "--model" => options with { ExtraModels = [.. options.ExtraModels, Value()] },
                "--bench" => options with { Bench = true },
                "--quiet" => options,
                var other => throw new ArgumentException($"Unknown argument: {other}"),
            };
        }

        return options;
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static SandboxOptions WithScript(SandboxOptions options, SandboxScript script) =>
        options with { Faults = script.Faults, Keys = script.Keys };
}
