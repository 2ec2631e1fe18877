using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Commands;

/// <summary>The <c>--profile-id</c> of the commands that store a credential.</summary>
internal static class ProfileIdOption
{
    /// <summary>The id that the option gave; empty if it gave none.</summary>
    /// <exception cref="CliFailure">It looks like a secret.</exception>
    public static string Checked(string? given)
    {
        var id = given?.Trim() ?? "";
        return ProfileName.Problem(id) is { } problem ? throw CliFailure.Failed(problem) : id;
    }
}
