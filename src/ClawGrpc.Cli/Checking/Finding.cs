namespace ClawGrpc.Cli.Checking;

/// <summary>How bad it is.</summary>
internal enum Level
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>It works, and somebody should look at it.</summary>
    Warning,

    /// <summary>Something does not work, or is open to others.</summary>
    Problem,
}

/// <summary>What a check found.</summary>
/// <param name="Level">How bad it is.</param>
/// <param name="Check">What was looked at, such as <c>Clock</c>.</param>
/// <param name="Text">What was found.</param>
/// <param name="Advice">What to do about it: usually a command; empty if nothing.</param>
internal sealed record Finding(Level Level, string Check, string Text, string Advice = "");
