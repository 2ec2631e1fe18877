using System.CommandLine;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models auth reset</c>, <c>rebind</c> and <c>delete</c>.</summary>
internal static class ProfileCommands
{
    public static Command Reset(Globals globals)
    {
        var profile = ProfileArgument();
        const string description = "End the cooldowns of an auth profile and forget its failures";
        return globals.Command("reset", description, [profile], async (invocation, cancellation) =>
        {
            var request = new ResetProfileRequest { AgentId = invocation.AgentId, ProfileId = invocation.Get(profile) };
            await invocation.Auth.ResetProfileAsync(request, cancellationToken: cancellation);
            invocation.Out.Write($"Reset auth profile: {request.ProfileId}\n");
            return 0;
        });
    }

    public static Command Rebind(Globals globals)
    {
        var profile = new Option<string?>("--profile-id")
        {
            Description = "Auth profile id (default: all that belong to another upstream)",
            HelpName = "id",
        };
        const string description = "Let auth profiles go to the upstream that is configured now";
        return globals.Command("rebind", description, [profile], async (invocation, cancellation) =>
        {
            var request = new RebindProfileRequest { AgentId = invocation.AgentId, ProfileId = invocation.Get(profile) ?? "" };
            var response = await invocation.Auth.RebindProfileAsync(request, cancellationToken: cancellation);
            foreach (var id in response.ProfileIds)
                invocation.Out.Write($"Rebound auth profile: {id} -> {response.Origin}\n");
            if (response.ProfileIds.Count == 0)
                invocation.Out.Write($"Nothing to rebind: the upstream is {response.Origin}\n");
            return 0;
        });
    }

    public static Command Delete(Globals globals)
    {
        var profile = ProfileArgument();
        var yes = Removal.YesOption();
        var command = globals.Command("delete", "Remove a saved auth profile", [profile, yes], async (invocation, cancellation) =>
        {
            var id = invocation.Get(profile)!;
            var description = await DescribeAsync(invocation, id, cancellation);
            var (what, question) = ($"auth profile {description}", $"Remove auth profile {description}?");
            if (!await Removal.IsConfirmedAsync(invocation, yes, what, question, cancellation))
            {
                invocation.Out.Write("Cancelled.\n");
                return 0;
            }

            var request = new DeleteProfileRequest { AgentId = invocation.AgentId, ProfileId = id };
            await invocation.Auth.DeleteProfileAsync(request, cancellationToken: cancellation);
            invocation.Out.Write($"Removed auth profile: {description}\n");
            return 0;
        });
        // The name in 2026.9.
        command.Aliases.Add("logout");
        return command;
    }

    private static Argument<string> ProfileArgument() => new("profile")
    {
        Description = "Auth profile id (e.g. anthropic:default)",
    };

    // Only the id if the profile does not exist: the server refuses to remove it.
    private static async Task<string> DescribeAsync(Invocation invocation, string id, CancellationToken cancellation)
    {
        var response = await invocation.Models.GetStatusAsync(
            new GetStatusRequest { AgentId = invocation.AgentId }, cancellationToken: cancellation);
        var found = response.Status.Auth?.Profiles.FirstOrDefault(profile => profile.ProfileId == id);
        return found is null ? id : $"{id} ({found.Provider}/{Words.Of(found.Type)})";
    }
}
