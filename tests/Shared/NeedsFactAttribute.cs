namespace ClawGrpc.Testing;

/// <summary>
/// A test that needs a program on the PATH. If it is absent, the test is skipped with a reason, but runs (and fails) in CI.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsFactAttribute : Xunit.FactAttribute
{
    public NeedsFactAttribute(string program, string reason)
    {
        Program = program;
        var isThere = Environment.GetEnvironmentVariable("PATH")!.Split(':')
            .Any(folder => File.Exists(Path.Join(folder, program)));
        if (!isThere && Environment.GetEnvironmentVariable("CI") != "true")
            Skip = $"{program} is not installed ({reason})";
    }

    public string Program { get; }
}
