using System.Diagnostics;

namespace ClawGrpc.Testing;

/// <summary>
/// As <see cref="NeedsFactAttribute"/>, of a test with data that traces programs. If the machine forbids tracing, as some
/// containers do, it is skipped with that reason, in CI too.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsStraceTheoryAttribute : Xunit.TheoryAttribute
{
    private const string Strace = "strace";

    public NeedsStraceTheoryAttribute()
    {
        Skip = new NeedsFactAttribute(Strace, "it shows what the system is asked for").Skip;
        if (Skip is null && !MayTrace())
            Skip = "this machine forbids to trace programs";
    }

    private static bool MayTrace()
    {
        try
        {
            var start = new ProcessStartInfo(Strace, ["-o", "/dev/null", "true"]) { RedirectStandardError = true };
            using var trace = Process.Start(start)!;
            trace.StandardError.ReadToEnd();
            trace.WaitForExit();
            return trace.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // It is not there, which the test says when it runs in CI.
            return true;
        }
    }
}
