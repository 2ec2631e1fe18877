namespace ClawGrpc.Testing;

/// <summary>
/// A test that needs the programs of PostgreSQL. If they are absent, the test is skipped with a reason, but runs (and fails) in
/// CI.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsPostgresFactAttribute : Xunit.FactAttribute
{
    public NeedsPostgresFactAttribute()
    {
        if (!PostgresCluster.IsInstalled && Environment.GetEnvironmentVariable("CI") != "true")
            Skip = "PostgreSQL is not installed (apt-get install postgresql)";
    }

    /// <summary>Whether it runs programs as other users too, which takes root.</summary>
    public bool AsRoot
    {
        get;
        set
        {
            field = value;
            if (value && Environment.UserName != "root")
                Skip ??= "only root can run a program as another user";
        }
    }
}
