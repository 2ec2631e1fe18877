using System.Text.RegularExpressions;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>
/// A request as the sandbox saw it, as text: the line, the headers by name, the body byte for byte. Only port and version are
/// blotted out.
/// </summary>
internal static partial class RequestText
{
    public static string Of(SeenRequest seen) =>
        $"{seen.Method} {seen.Path}{seen.Query}\n"
        + string.Concat(seen.Headers.OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase)
            .Select(header => $"{header.Key.ToLowerInvariant()}: {Blot(header.Value)}\n"))
        + $"\n{seen.BodyText}\n";

    private static string Blot(string value) => Version().Replace(Port().Replace(value, "127.0.0.1:PORT"), "ClawGrpc/VERSION");

    [GeneratedRegex(@"^127\.0\.0\.1:\d+$")]
    private static partial Regex Port();

    [GeneratedRegex(@"^ClawGrpc/\d+\.\d+\.\d+$")]
    private static partial Regex Version();
}
