using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary>The agent that a credential is stored for, and what it has, so that nothing of another kind is replaced
/// unnoticed.</summary>
internal sealed record StoredKinds
{
    private readonly IReadOnlyDictionary<string, CredentialType> _types;

    private StoredKinds(string agentId, IReadOnlyDictionary<string, CredentialType> types)
    {
        AgentId = agentId;
        _types = types;
    }

    /// <summary>The agent's id; that of the option if the caller may not read the status.</summary>
    public string AgentId { get; }

    /// <summary>The profiles and their kinds, for people; empty if there are none, or if they may not be read.</summary>
    public string Text => string.Join(", ", _types.Select(each => $"{each.Key} ({Words.Of(each.Value)})"));

    /// <summary>Reads them from the status.</summary>
    public static async Task<StoredKinds> ReadAsync(Invocation invocation, CancellationToken cancellation)
    {
        try
        {
            var response = await invocation.Models.GetStatusAsync(
                new GetStatusRequest { AgentId = invocation.AgentId }, cancellationToken: cancellation);
            var profiles = response.Status?.Auth?.Profiles.DistinctBy(profile => profile.ProfileId) ?? [];
            return new StoredKinds(
                response.Status?.AgentId ?? invocation.AgentId,
                profiles.ToDictionary(profile => profile.ProfileId, profile => profile.Type));
        }
        catch (RpcException exception) when (
            exception.StatusCode is StatusCode.PermissionDenied or StatusCode.Unimplemented or StatusCode.FailedPrecondition)
        {
            // A caller may have the scope to onboard alone. What is wrong with the folder, the onboarding says.
            return new StoredKinds(invocation.AgentId, new Dictionary<string, CredentialType>());
        }
    }

    /// <summary>The kind that a credential would replace by another one; null if there is none.</summary>
    public CredentialType? OtherThan(CredentialType type, string profileId) =>
        _types.TryGetValue(profileId, out var stored) && stored != type && !BothOfClaude(profileId, stored, type) ? stored : null;

    /// <summary>Asks whether to replace the other kind, if there is one.</summary>
    /// <returns>Whether to store the credential.</returns>
    public async Task<bool> MayReplaceAsync(
        Invocation invocation, CredentialType type, string profileId, CancellationToken cancellation)
    {
        if (OtherThan(type, profileId) is not { } stored)
            return true;
        var question = $"{profileId} has {NameOf(stored)}. Replace it with {NameOf(type)}?";
        return await Prompts.ConfirmAsync(invocation.Environment.PromptConsole(), question, defaultAnswer: false, cancellation);
    }

    /// <summary>Says that another kind was replaced, where there was no terminal to ask at.</summary>
    public void Tell(Invocation invocation, CredentialType type, string profileId)
    {
        if (OtherThan(type, profileId) is { } stored)
            invocation.Error.Write($"Note: {profileId} had {NameOf(stored)}, which {NameOf(type)} replaced.\n");
    }

    // The Claude CLI has a login today and a token tomorrow: both are its own.
    private static bool BothOfClaude(string profileId, CredentialType stored, CredentialType type) =>
        profileId == OnboardChoices.ClaudeCliProfile && stored != CredentialType.ApiKey && type != CredentialType.ApiKey;

    private static string NameOf(CredentialType type) => type switch
    {
        CredentialType.ApiKey => "an API key",
        CredentialType.Token => "a token",
        CredentialType.Oauth => "a login",
        _ => $"a credential of the kind {Words.Of(type)}",
    };
}
