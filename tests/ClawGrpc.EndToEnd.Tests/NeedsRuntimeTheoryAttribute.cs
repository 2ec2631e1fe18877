namespace ClawGrpc.EndToEnd.Tests;

/// <summary>A test that looks into the runtime of a program; skipped for native programs, which load no code.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsRuntimeTheoryAttribute : TheoryAttribute
{
    public NeedsRuntimeTheoryAttribute()
    {
        if (RunningProgram.NativePrograms is not null)
            Skip = "a native program loads no startup hook";
    }
}
