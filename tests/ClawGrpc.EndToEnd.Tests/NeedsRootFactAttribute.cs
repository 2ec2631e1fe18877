namespace ClawGrpc.EndToEnd.Tests;

/// <summary>A test that runs a program as another user, which takes root and <c>setpriv</c>; skipped with a reason
/// elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsRootFactAttribute : FactAttribute
{
    public NeedsRootFactAttribute()
    {
        if (Environment.UserName != "root")
            Skip = "only root can run a program as another user";
        else if (!File.Exists(OtherUser.Setpriv))
            Skip = "setpriv is not installed (util-linux)";
    }
}
