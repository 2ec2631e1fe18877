using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;
using Grpc.Core;
using Agent = ClawGrpc.Gateway.Agents.Agent;
using ApiKeyCredential = ClawGrpc.Core.StateFiles.ApiKeyCredential;
using ProfileOrder = ClawGrpc.V1.ProfileOrder;

namespace ClawGrpc.Server.Grpc;

/// <summary>AuthService: checks, changes the agent's file, then the configuration, and answers once both are on disk.</summary>
internal sealed class AuthService(
    Fleet fleet,
    LiveConfiguration configuration,
    AgentSetups setups,
    ClaudeLoginFile claudeLogin,
    Probes probes,
    AgentCalls agents,
    CredentialCheck check,
    SealingCalls sealing,
    TimeProvider time) : V1.AuthService.AuthServiceBase
{
    private const string DefaultProfile = "anthropic:default";
    private const string ApiKeyVariable = "ANTHROPIC_API_KEY";

    private static readonly string TooManyProfiles =
        $"The agent has {ProfileStore.MostProfiles} profiles, which is the most: delete one, or replace the credential of one";

    public override async Task<OnboardResponse> Onboard(OnboardRequest request, ServerCallContext context)
    {
        var agent = await fleet.FindAsync(request.AgentId, context);
        if (request is { ApiKey.Existing: true, ValidateOnly: true })
            throw Refusal.InvalidField("validate_only", "Expected a credential to check, not the existing one").ToException();
        if (request is { ApiKey.Existing: true } && configuration.Variable(ApiKeyVariable) is null)
            return await DeclareExistingAsync(agent, request);
        var input = new Input();
        var isClaudeCli = request.CredentialCase == OnboardRequest.CredentialOneofCase.ClaudeCli;
        var id = input.NewProfileId("profile_id", request.ProfileId, isClaudeCli ? ClaudeLogin.ProfileId : DefaultProfile);
        if (isClaudeCli && id != ClaudeLogin.ProfileId)
            input.Wrong("profile_id", $"The login of the Claude CLI is always {ClaudeLogin.ProfileId}");
        var (credential, type) = CredentialOf(request, input);
        input.Check();
        var notices = request.ValidateOnly
            ? await CheckAsync(agent, id, credential, context.CancellationToken)
            : await StoreAsync(agent, id, credential, context.CancellationToken);
        var response = new OnboardResponse
        {
            AgentId = agent.Id,
            ProfileId = id,
            Type = type,
            ConfigPath = configuration.EditedPlace
        };
        response.Notices.AddRange(notices);
        return response;
    }

    public override async Task<PasteTokenResponse> PasteToken(PasteTokenRequest request, ServerCallContext context)
    {
        var agent = await fleet.FindAsync(request.AgentId, context);
        var input = new Input();
        var provider = input.Provider("provider", request.Provider);
        var id = input.NewProfileId("profile_id", request.ProfileId, $"{provider}:manual");
        var token = input.Secret("token", CredentialInput.PastedToken(request.Token));
        var expires = input.Expires("expires_in", request.ExpiresIn, time.GetUtcNow());
        input.Check();
        var notices = await StoreAsync(agent, id, new TokenCredential(provider, token, expires), context.CancellationToken);
        var response = new PasteTokenResponse
        {
            AgentId = agent.Id,
            ProfileId = id,
            ConfigPath = configuration.EditedPlace,
            Provider = provider
        };
        response.Notices.AddRange(notices);
        return response;
    }

    public override async Task<DeleteProfileResponse> DeleteProfile(DeleteProfileRequest request, ServerCallContext context)
    {
        var (agent, id) = await FindAsync(request.AgentId, request.ProfileId, context);
        var known = await configuration.CheckAsync();
        await agent.ChangeAsync(_ => [new RemoveProfile(id)], context.CancellationToken);
        await agent.ForgetOriginAsync(id, context.CancellationToken);

        // The declaration is every agent's: it stays while another one has a profile of this id.
        foreach (var other in fleet.Ids.Where(other => other != agent.Id))
        {
            if ((await fleet.FindAsync(Caller.Server, other)).Profiles.Effective.Find(id) is not null)
                return new DeleteProfileResponse();
        }

        if (configuration.HasEdited)
        {
            await configuration.EditAsync(
                text => new ConfigurationEdit(ProfileEdits.Remove(text, id)), context.CancellationToken, known);
        }
        return new DeleteProfileResponse();
    }

    public override async Task<ResetProfileResponse> ResetProfile(ResetProfileRequest request, ServerCallContext context)
    {
        var (agent, id) = await FindAsync(request.AgentId, request.ProfileId, context);
        await agent.ChangeAsync(
            store => [new SetHealth(
                id, ProfileHealth.Unknown with { LastUsed = store.HealthOf(id).LastUsed })], context.CancellationToken);
        return new ResetProfileResponse();
    }

    public override async Task<RebindProfileResponse> RebindProfile(RebindProfileRequest request, ServerCallContext context)
    {
        var agent = await fleet.FindAsync(request.AgentId, context);
        var origin = configuration.Origin;
        var asked = request.ProfileId.Trim();
        if (asked.Length > 0 && agent.Profiles.Readable.Find(asked) is null)
            throw Refusal.ProfileNotFound(agent.Id, asked, agent.Directory).ToException();
        var bound = (asked.Length > 0 ? agent.Profiles.Readable : agent.Profiles.ReadableOwn).Profiles
            .Where(profile => (asked.Length == 0 || profile.Id == asked) && profile.Origin is not null).ToList();
        await agent.BindAsync([.. bound.Select(profile => profile.Id)], context.CancellationToken);
        if (asked.Length == 0)
        {
            setups.ConfirmOrigin();
            agent.Feed.Publish();
        }

        var response = new RebindProfileResponse { AgentId = agent.Id, Origin = origin };
        response.ProfileIds.AddRange(bound.Where(profile => profile.Origin != origin).Select(profile => profile.Id));
        return response;
    }

    public override async Task<GetProfileOrderResponse> GetProfileOrder(GetProfileOrderRequest request, ServerCallContext context)
    {
        var agent = await fleet.FindAsync(request.AgentId, context);
        return new GetProfileOrderResponse { Order = OrderOf(agent, agent.Profiles.Readable, CheckedProvider(request.Provider)) };
    }

    public override async Task<SetProfileOrderResponse> SetProfileOrder(SetProfileOrderRequest request, ServerCallContext context)
    {
        var agent = await fleet.FindAsync(request.AgentId, context);
        var provider = CheckedProvider(request.Provider);
        ImmutableArray<string> ids = [.. request.ProfileIds.Select(id => id.Trim()).Where(id => id.Length > 0).Distinct()];
        if (ids.IsEmpty)
            throw Refusal.InvalidField("profile_ids", "Missing profile ids. Provide one or more profile ids.").ToException();
        var store = await agent.ChangeAsync(
            fresh =>
            {
                foreach (var id in ids)
                    Match(agent.WithInherited(fresh), agent, id, provider);
                return [new SetOrder(provider, ids)];
            },
            context.CancellationToken);
        return new SetProfileOrderResponse { Order = OrderOf(agent, store, provider) };
    }

    public override async Task<ClearProfileOrderResponse> ClearProfileOrder(
        ClearProfileOrderRequest request, ServerCallContext context)
    {
        var agent = await fleet.FindAsync(request.AgentId, context);
        var provider = CheckedProvider(request.Provider);
        var store = await agent.ChangeAsync(_ => [new ClearOrder(provider)], context.CancellationToken);
        return new ClearProfileOrderResponse { Order = OrderOf(agent, store, provider) };
    }

    public override async Task ProbeProfiles(
        ProbeProfilesRequest request, IServerStreamWriter<ProbeProfilesResponse> responseStream, ServerCallContext context)
    {
        var agent = await fleet.FindAsync(request.AgentId, context);
        await foreach (var probe in probes.RunAsync(agent, ProbeMapping.ToOptions(request), context.CancellationToken))
            await responseStream.WriteAsync(ProbeMapping.ToMessage(probe), context.Writing());
    }

    public override Task<ListAgentsResponse> ListAgents(ListAgentsRequest request, ServerCallContext context) =>
        agents.ListAsync(request, context.Caller());

    public override Task<AddAgentResponse> AddAgent(AddAgentRequest request, ServerCallContext context) =>
        agents.AddAsync(request, context.CancellationToken);

    public override Task<RemoveAgentResponse> RemoveAgent(RemoveAgentRequest request, ServerCallContext context) =>
        agents.RemoveAsync(request, context.CancellationToken);

    public override Task<GetSealingResponse> GetSealing(GetSealingRequest request, ServerCallContext context) =>
        sealing.GetAsync(request);

    public override Task<SealSecretsResponse> SealSecrets(SealSecretsRequest request, ServerCallContext context) =>
        sealing.SealAsync(request, context.CancellationToken);

    public override Task<UnsealSecretsResponse> UnsealSecrets(UnsealSecretsRequest request, ServerCallContext context) =>
        sealing.UnsealAsync(request, context.CancellationToken);

    public override Task<RotateSealingKeyResponse> RotateSealingKey(
        RotateSealingKeyRequest request, ServerCallContext context) => sealing.RotateAsync(request, context.CancellationToken);

    private async Task<IReadOnlyList<string>> CheckAsync(
        Agent agent, string id, Credential credential, CancellationToken cancellation)
    {
        var subscription = IsSubscription(id, credential);
        var secret = credential switch
        {
            ApiKeyCredential key => key.Key,
            TokenCredential token => token.Token,
            OAuthCredential login => login.Access,
            _ => null,
        };
        if (secret is not null && await check.RunAsync(agent, secret, cancellation) is { } refusal)
            throw refusal.ToException();
        return subscription ? Terms.OfSubscriptions : [];
    }

    private bool IsSubscription(string id, Credential credential)
    {
        var subscription = credential is not ApiKeyCredential && credential.Provider == Provider.Anthropic;
        if (subscription && !configuration.Current.Configuration.Service.Subscriptions)
            throw Refusal.SubscriptionsDisabled(id).ToException();
        return subscription;
    }

    private async Task<IReadOnlyList<string>> StoreAsync(
        Agent agent, string id, Credential credential, CancellationToken cancellation)
    {
        var subscription = IsSubscription(id, credential);

        // First the secret, then the declaration: a declared profile that is not stored would hide those that are.
        var known = await configuration.CheckAsync();
        _ = agent.Profiles.ReadableOwn;
        await agent.ChangeAsync(
            fresh => fresh.Find(id) is null && fresh.Profiles.Length >= ProfileStore.MostProfiles
                ? throw Refusal.InvalidField("profile_id", TooManyProfiles).ToException()
                : [new PutProfile(id, credential) { Origin = OriginOf(credential) }],
            cancellation);
        await BindAsync(agent, id, credential, cancellation);
        await DeclareAsync(id, credential, known);
        return subscription ? Terms.OfSubscriptions : [];
    }

    // Whoever onboards a credential means the upstream that is configured now.
    private static Task BindAsync(Agent agent, string id, Credential credential, CancellationToken cancellation) =>
        Provider.Normalize(credential.Provider) == Provider.Anthropic ? agent.BindAsync([id], cancellation) : Task.CompletedTask;

    private string? OriginOf(Credential credential) =>
        Provider.Normalize(credential.Provider) == Provider.Anthropic ? configuration.Origin : null;

    private async Task DeclareAsync(string id, Credential credential, ConfigurationReading? known = null)
    {
        // The mode oauth takes a token too, and the CLI may have one today and the other tomorrow.
        var mode = id == ClaudeLogin.ProfileId ? "oauth" : Eligible.ModeOf(credential);
        var declared = new DeclaredProfile(id, credential.Provider, mode, credential.Email);
        await configuration.EditAsync(
            text => new ConfigurationEdit(ProfileEdits.Apply(text, declared)), CancellationToken.None, known);
    }

    // openclaw-spec.md, section 7.1: without a key the one that is there will do. OpenClaw declares anthropic:default whatever
    // the profile's id is, and a declared profile that is not stored hides those that are: here it is the one that was found.
    private async Task<OnboardResponse> DeclareExistingAsync(Agent agent, OnboardRequest request)
    {
        var asked = request.ProfileId.Trim();
        var keys = agent.Profiles.Readable.Profiles
            .Where(profile => profile.Credential is ApiKeyCredential { Key: { IsBlank: false } key, Provider: var provider }
                && Provider.Normalize(provider) == Provider.Anthropic && HeaderText.Problem(key, "key") is null)
            .Where(profile => asked.Length == 0 || profile.Id == asked).ToList();
        var found = keys.Find(profile => profile.Id == DefaultProfile) ?? keys.FirstOrDefault()
            ?? throw Refusal.NoApiKey().ToException();
        await DeclareAsync(found.Id, found.Credential);
        await BindAsync(agent, found.Id, found.Credential, CancellationToken.None);
        return new OnboardResponse
        {
            AgentId = agent.Id,
            ProfileId = found.Id,
            Type = CredentialType.ApiKey,
            ConfigPath = configuration.EditedPlace,
        };
    }

    private (Credential Credential, CredentialType Type) CredentialOf(OnboardRequest request, Input input)
    {
        switch (request.CredentialCase)
        {
            case OnboardRequest.CredentialOneofCase.ApiKey:
                if (request.ApiKey is { Existing: true, Key.Length: > 0 })
                    input.Wrong("api_key.existing", "Expected either a key or the existing one");
                var given = request.ApiKey.Existing ? configuration.Variable(ApiKeyVariable)?.Reveal() ?? "" : request.ApiKey.Key;
                var key = input.Secret("api_key.key", CredentialInput.ApiKey(given));
                var keyEmail = input.Email("api_key.email", request.ApiKey.Email);
                return (new ApiKeyCredential(Provider.Anthropic, key, keyEmail), CredentialType.ApiKey);
            case OnboardRequest.CredentialOneofCase.SetupToken:
                var token = input.Secret("setup_token.token", CredentialInput.SetupToken(request.SetupToken.Token));
                var expires = input.Expires("setup_token.expires_in", request.SetupToken.ExpiresIn, time.GetUtcNow());
                var tokenEmail = input.Email("setup_token.email", request.SetupToken.Email);
                return (new TokenCredential(Provider.Anthropic, token, expires, tokenEmail), CredentialType.Token);
            case OnboardRequest.CredentialOneofCase.ClaudeCli:
                var login = claudeLogin.Read() ?? throw Refusal.NoClaudeLogin(claudeLogin.ShortPath).ToException();
                if (ClaudeLogin.Problem(login) is { } problem)
                    input.Wrong("claude_cli", $"T{problem[1..]} ({claudeLogin.ShortPath}): log in with the Claude CLI again");
                return (login, login is OAuthCredential ? CredentialType.Oauth : CredentialType.Token);
            case OnboardRequest.CredentialOneofCase.WorkloadIdentity:
                throw Refusal.NotImplemented("Onboard with a workload identity", "Onboard an API key.").ToException();
            default:
                throw Refusal.InvalidField("credential", "Required: one of api_key, setup_token, claude_cli, workload_identity")
                    .ToException();
        }
    }

    private async Task<(Agent Agent, string Id)> FindAsync(string agentId, string profileId, ServerCallContext context)
    {
        var agent = await fleet.FindAsync(agentId, context);
        var input = new Input();
        var id = input.ProfileId("profile_id", profileId, null);
        input.Check();
        return agent.Profiles.ReadableOwn.Find(id) is null
            ? throw Refusal.ProfileNotFound(agent.Id, id, agent.Directory).ToException()
            : (agent, id);
    }

    private static void Match(ProfileStore store, Agent agent, string id, string provider)
    {
        if (store.Find(id) is not { } profile)
            throw Refusal.ProfileNotFound(agent.Id, id, agent.Directory).ToException();
        if (Provider.Normalize(profile.Credential.Provider) != provider)
            throw Refusal.ProviderMismatch(id, profile.Credential.Provider, provider).ToException();
    }

    private static string CheckedProvider(string given)
    {
        var input = new Input();
        var provider = input.Provider("provider", given);
        input.Check();
        return provider;
    }

    private static ProfileOrder OrderOf(Agent agent, ProfileStore store, string provider)
    {
        var order = new ProfileOrder
        {
            AgentId = agent.Id,
            AgentDir = agent.Directory,
            Provider = provider,
            StorePath = agent.StorePath,
        };
        order.ProfileIds.AddRange(
            store.Order.Where(pair => Provider.Normalize(pair.Key) == provider).SelectMany(pair => pair.Value));
        return order;
    }
}
