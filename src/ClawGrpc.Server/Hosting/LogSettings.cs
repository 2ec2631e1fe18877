using Microsoft.Extensions.Logging.Console;

namespace ClawGrpc.Server.Hosting;

/// <summary>
/// What is logged, and in which form: by the command line, else by the variables <c>Logging__...</c> as in ASP.NET Core.
/// </summary>
/// <param name="Level">The level of ClawGrpc's own lines; null: of the variables, else Information.</param>
/// <param name="Format"><c>json</c> or <c>text</c>; null: of the variables, else <c>text</c>.</param>
internal sealed record LogSettings(LogLevel? Level, string? Format)
{
    /// <summary>Nothing on the command line.</summary>
    public static readonly LogSettings None = new(null, null);

    /// <summary>What the variables say, without their prefix.</summary>
    public IConfiguration Variables { get; init; } =
        new ConfigurationBuilder().AddEnvironmentVariables(VariablePrefix).Build();

    /// <summary>The forms of the command line.</summary>
    public static readonly string[] Formats = ["text", "json"];

    private const string VariablePrefix = "Logging__";
    private const string Timestamp = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>Writes to standard error.</summary>
    public void Apply(ILoggingBuilder logging)
    {
        var format = Format ?? Variables["Console:FormatterName"];
        logging.AddConsole(console => console.FormatterName = format is null or "text" ? ConsoleFormatterNames.Simple : format);
        logging.Services
            .Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
            .Configure<SimpleConsoleFormatterOptions>(simple => simple.SingleLine = true)
            .Configure<JsonConsoleFormatterOptions>(json => (json.TimestampFormat, json.UseUtcTimestamp) = (Timestamp, true));

        // Request logging at its default level costs several times the CPU of a whole relayed call. What the call handler would
        // log, the interceptor says of faults, and callers are told of their mistakes. An activity, too, is begun for every
        // request that might be logged.
        logging.SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning).AddFilter("System", LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.Authentication", LogLevel.Warning)
            // A server that stops is asked whether it is ready, and says no: that is no error.
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Critical)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.None).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddConfiguration(Variables)

            // Whatever the variables say: it repeats refusals, which quote what callers have sent, and that may be a secret that
            // was pasted into the wrong place.
            .AddFilter("Grpc.AspNetCore.Server.ServerCallHandler", LogLevel.None);
        if (Level is { } level)
            logging.AddFilter("ClawGrpc", level);
    }
}
