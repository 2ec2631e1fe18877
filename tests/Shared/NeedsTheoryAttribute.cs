namespace ClawGrpc.Testing;

/// <summary>As <see cref="NeedsFactAttribute"/>, of a test with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsTheoryAttribute : Xunit.TheoryAttribute
{
    public NeedsTheoryAttribute(string program, string reason)
    {
        Program = program;
        Skip = new NeedsFactAttribute(program, reason).Skip;
    }

    public string Program { get; }
}
