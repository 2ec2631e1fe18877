using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>Answers from the script.</summary>
internal sealed class ScriptedAuthService(Script script) : AuthService.AuthServiceBase
{
    public override Task<OnboardResponse> Onboard(OnboardRequest request, ServerCallContext context) =>
        script.Answer<OnboardResponse>(request);

    public override async Task ProbeProfiles(
        ProbeProfilesRequest request, IServerStreamWriter<ProbeProfilesResponse> responseStream, ServerCallContext context)
    {
        script.Requests.Enqueue(request);
        foreach (var result in script.Probe)
            await responseStream.WriteAsync(result);
    }

    public override Task<PasteTokenResponse> PasteToken(PasteTokenRequest request, ServerCallContext context) =>
        script.Answer<PasteTokenResponse>(request);

    public override Task<DeleteProfileResponse> DeleteProfile(DeleteProfileRequest request, ServerCallContext context) =>
        script.Answer<DeleteProfileResponse>(request);

    public override Task<ResetProfileResponse> ResetProfile(ResetProfileRequest request, ServerCallContext context) =>
        script.Answer<ResetProfileResponse>(request);

    public override Task<RebindProfileResponse> RebindProfile(RebindProfileRequest request, ServerCallContext context) =>
        script.Answer<RebindProfileResponse>(request);

    public override Task<GetProfileOrderResponse> GetProfileOrder(GetProfileOrderRequest request, ServerCallContext context) =>
        script.Answer<GetProfileOrderResponse>(request);

    public override Task<SetProfileOrderResponse> SetProfileOrder(SetProfileOrderRequest request, ServerCallContext context) =>
        script.Answer<SetProfileOrderResponse>(request);

    public override Task<ClearProfileOrderResponse> ClearProfileOrder(
        ClearProfileOrderRequest request, ServerCallContext context) =>
        script.Answer<ClearProfileOrderResponse>(request);

    public override Task<ListAgentsResponse> ListAgents(ListAgentsRequest request, ServerCallContext context) =>
        script.Answer<ListAgentsResponse>(request);

    public override Task<AddAgentResponse> AddAgent(AddAgentRequest request, ServerCallContext context) =>
        script.Answer<AddAgentResponse>(request);

    public override Task<RemoveAgentResponse> RemoveAgent(RemoveAgentRequest request, ServerCallContext context) =>
        script.Answer<RemoveAgentResponse>(request);

    public override Task<GetSealingResponse> GetSealing(GetSealingRequest request, ServerCallContext context) =>
        script.Answer<GetSealingResponse>(request);

    public override Task<SealSecretsResponse> SealSecrets(SealSecretsRequest request, ServerCallContext context) =>
        script.Answer<SealSecretsResponse>(request);

    public override Task<UnsealSecretsResponse> UnsealSecrets(UnsealSecretsRequest request, ServerCallContext context) =>
        script.Answer<UnsealSecretsResponse>(request);

    public override Task<RotateSealingKeyResponse> RotateSealingKey(
        RotateSealingKeyRequest request, ServerCallContext context) => script.Answer<RotateSealingKeyResponse>(request);
}

/// <summary>Answers from the script.</summary>
internal sealed class ScriptedModelService(Script script) : ModelService.ModelServiceBase
{
    public override Task<GetStatusResponse> GetStatus(GetStatusRequest request, ServerCallContext context) =>
        script.Answer<GetStatusResponse>(request);

    public override Task<CompleteResponse> Complete(CompleteRequest request, ServerCallContext context) =>
        script.Answer<CompleteResponse>(request);

    public override Task<PlanCompletionResponse> PlanCompletion(PlanCompletionRequest request, ServerCallContext context) =>
        script.Answer<PlanCompletionResponse>(request);

    public override Task<CountTokensResponse> CountTokens(CountTokensRequest request, ServerCallContext context) =>
        script.Answer<CountTokensResponse>(request);

    public override Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context) =>
        script.Answer<ListModelsResponse>(request);

    public override Task<GetUsageResponse> GetUsage(GetUsageRequest request, ServerCallContext context) =>
        script.Answer<GetUsageResponse>(request);

    public override Task<ResolveModelResponse> ResolveModel(ResolveModelRequest request, ServerCallContext context) =>
        script.Answer<ResolveModelResponse>(request);

    public override Task<AllowModelsResponse> AllowModels(AllowModelsRequest request, ServerCallContext context) =>
        script.Answer<AllowModelsResponse>(request);

    public override Task<DisallowModelsResponse> DisallowModels(DisallowModelsRequest request, ServerCallContext context) =>
        script.Answer<DisallowModelsResponse>(request);

    public override Task<SetDefaultModelResponse> SetDefaultModel(SetDefaultModelRequest request, ServerCallContext context) =>
        script.Answer<SetDefaultModelResponse>(request);

    public override Task<AddModelAliasResponse> AddModelAlias(AddModelAliasRequest request, ServerCallContext context) =>
        script.Answer<AddModelAliasResponse>(request);

    public override Task<RemoveModelAliasResponse> RemoveModelAlias(RemoveModelAliasRequest request, ServerCallContext context) =>
        script.Answer<RemoveModelAliasResponse>(request);

    public override Task<AddModelFallbackResponse> AddModelFallback(AddModelFallbackRequest request, ServerCallContext context) =>
        script.Answer<AddModelFallbackResponse>(request);

    public override Task<RemoveModelFallbackResponse> RemoveModelFallback(
        RemoveModelFallbackRequest request, ServerCallContext context) =>
        script.Answer<RemoveModelFallbackResponse>(request);

    public override Task<ClearModelFallbacksResponse> ClearModelFallbacks(
        ClearModelFallbacksRequest request, ServerCallContext context) =>
        script.Answer<ClearModelFallbacksResponse>(request);

    public override Task WatchStatus(
        WatchStatusRequest request, IServerStreamWriter<WatchStatusResponse> responseStream, ServerCallContext context)
    {
        script.Requests.Enqueue(request);
        return script.Watch is { } watch
            ? watch(request, responseStream, context.CancellationToken)
            : base.WatchStatus(request, responseStream, context);
    }

    public override Task StreamComplete(
        StreamCompleteRequest request, IServerStreamWriter<StreamCompleteResponse> responseStream, ServerCallContext context)
    {
        script.Requests.Enqueue(request);
        return script.Stream is { } stream
            ? stream(request, responseStream, context)
            : base.StreamComplete(request, responseStream, context);
    }
}

/// <summary>Answers from the script.</summary>
internal sealed class ScriptedAccessService(Script script) : AccessService.AccessServiceBase
{
    public override Task<WhoAmIResponse> WhoAmI(WhoAmIRequest request, ServerCallContext context) =>
        script.Answer<WhoAmIResponse>(request);

    public override Task<GetServerResponse> GetServer(GetServerRequest request, ServerCallContext context) =>
        script.Answer<GetServerResponse>(request);

    public override Task<ListClientsResponse> ListClients(ListClientsRequest request, ServerCallContext context) =>
        script.Answer<ListClientsResponse>(request);

    public override Task<AddClientResponse> AddClient(AddClientRequest request, ServerCallContext context) =>
        script.Answer<AddClientResponse>(request);

    public override Task<UpdateClientResponse> UpdateClient(UpdateClientRequest request, ServerCallContext context) =>
        script.Answer<UpdateClientResponse>(request);

    public override Task<RemoveClientResponse> RemoveClient(RemoveClientRequest request, ServerCallContext context) =>
        script.Answer<RemoveClientResponse>(request);

    public override Task<CreateTokenResponse> CreateToken(CreateTokenRequest request, ServerCallContext context) =>
        script.Answer<CreateTokenResponse>(request);

    public override Task<RotateTokenResponse> RotateToken(RotateTokenRequest request, ServerCallContext context) =>
        script.Answer<RotateTokenResponse>(request);

    public override Task<RevokeTokenResponse> RevokeToken(RevokeTokenRequest request, ServerCallContext context) =>
        script.Answer<RevokeTokenResponse>(request);

    public override Task<GetAuditHeadResponse> GetAuditHead(GetAuditHeadRequest request, ServerCallContext context) =>
        script.Answer<GetAuditHeadResponse>(request);

    public override Task<VerifyAuditResponse> VerifyAudit(VerifyAuditRequest request, ServerCallContext context) =>
        script.Answer<VerifyAuditResponse>(request);

    public override async Task TailAudit(
        TailAuditRequest request, IServerStreamWriter<TailAuditResponse> responseStream, ServerCallContext context) =>
        await responseStream.WriteAsync(await script.Answer<TailAuditResponse>(request));
}
