using System.Globalization;

namespace ClawGrpc.Testing;

/// <summary>
/// A test that sends SIGHUP. Where the signal is ignored, as <c>nohup</c> has it, programs do not get it: the test is skipped.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsHangupFactAttribute : Xunit.FactAttribute
{
    public NeedsHangupFactAttribute()
    {
        const string ignored = "SigIgn:";
        var mask = File.ReadLines("/proc/self/status").First(line => line.StartsWith(ignored, StringComparison.Ordinal));
        if ((ulong.Parse(mask[ignored.Length..], NumberStyles.HexNumber | NumberStyles.AllowLeadingWhite, null) & 1) != 0)
            Skip = "SIGHUP is ignored here (nohup)";
    }
}
