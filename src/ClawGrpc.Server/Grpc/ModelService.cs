using ClawGrpc.Core;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Status;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;
using Google.Protobuf.Collections;
using Grpc.Core;

namespace ClawGrpc.Server.Grpc;

/// <summary>ModelService: maps, calls, maps back.</summary>
internal sealed class ModelService(
    Fleet fleet,
    LiveConfiguration configuration,
    AgentSetups setups,
    CallReader calls,
    Gateway.Completions.Completion completions,
    ModelCatalog catalog,
    StatusBoard board,
    Budgets budgets,
    UsageCalls usage,
    TimeProvider time,
    IHostApplicationLifetime lifetime) : V1.ModelService.ModelServiceBase
{
    public override async Task<GetStatusResponse> GetStatus(GetStatusRequest request, ServerCallContext context)
    {
        var status = board.Of(await fleet.FindAsync(request.AgentId, context));
        return new GetStatusResponse { Status = StatusMapping.ToMessage(status, context.Caller()).Status };
    }

    public override async Task WatchStatus(
        WatchStatusRequest request, IServerStreamWriter<WatchStatusResponse> responseStream, ServerCallContext context)
    {
        var agent = await fleet.FindAsync(request.AgentId, context);
        await new StatusWatch(board, agent, context.Caller(), time)
            .RunAsync(request, responseStream, lifetime.ApplicationStopping, context.CancellationToken, context.Writing());
    }

    public override async Task<CompleteResponse> Complete(CompleteRequest request, ServerCallContext context)
    {
        var call = await ReadAsync(request.Input, context);
        using var purse = call.Purse = await PurseOfAsync(call, context);
        await using var completion = (await completions.AskAsync(call, context.CancellationToken)).OrThrow();
        await completion.ReadAllAsync();
        if (completion.Refusal is { } broken)
            throw broken.ToException();
        var receipt = ReceiptMapping.ToMessage(context.Call().Receipt = completion.Finish());
        await SettleAsync(purse);
        return new CompleteResponse
        {
            Completion = EventMapping.ToCompletion(completion.Fold.Finish()!, request.RawJson),
            Receipt = receipt,
        };
    }

    public override async Task StreamComplete(
        StreamCompleteRequest request, IServerStreamWriter<StreamCompleteResponse> responseStream, ServerCallContext context)
    {
        var call = await ReadAsync(request.Input, context);
        using var purse = call.Purse = await PurseOfAsync(call, context);
        await using var completion = (await completions.AskAsync(call, context.CancellationToken)).OrThrow();
        var writing = context.Writing();
        using var events = new EventWriter(context.GetHttpContext().Response.BodyWriter);
        var messages = new EventMessages(events, completion, request.RawEvents);
        while (await completion.ReadAsync())
        {
            while (completion.TryNext(out var read))
                messages.Add(read);
            await events.FlushAsync(writing);
        }

        messages.End();
        if (completion.Refusal is { } broken)
        {
            await events.FlushAsync(writing);
            throw broken.ToException();
        }

        var receipt = ReceiptMapping.ToMessage(context.Call().Receipt = completion.Finish());
        await SettleAsync(purse);
        events.Add(new StreamCompleteResponse { Finished = new CompletionFinished { Receipt = receipt } });
        await events.FlushAsync(writing);
    }

    public override async Task<CountTokensResponse> CountTokens(CountTokensRequest request, ServerCallContext context)
    {
        var call = await ReadAsync(request.Input, context);
        var counted = (await completions.AskAsync(call.Count, context.CancellationToken)).OrThrow();
        return new CountTokensResponse { InputTokens = counted.InputTokens, Model = counted.Model };
    }

    public override async Task<PlanCompletionResponse> PlanCompletion(PlanCompletionRequest request, ServerCallContext context)
    {
        var call = await ReadAsync(request.Input, context);
        var plan = (await completions.AskAsync(call.Plan, context.CancellationToken)).OrThrow();
        return new PlanCompletionResponse { Receipt = ReceiptMapping.ToMessage(plan) };
    }

    public override async Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context)
    {
        ModelList.Check(request);
        var agent = await fleet.FindAsync(request.AgentId, context);
        var setup = setups.Of(agent.Id);
        var (upstream, problem) = request.ConfiguredOnly || setup.ModelsUrl is null
            ? (null, "")
            : await catalog.ReadAsync(agent, setup, context.CancellationToken) switch
            {
                CallResult<UpstreamModels>.Served served => (served.Result, ""),
                CallResult<UpstreamModels>.Refused refused => ((UpstreamModels?)null, refused.Refusal.Message),
                var unknown => throw new InvalidOperationException($"Unknown result {unknown.GetType().Name}."),
            };
        var providers = board.Of(agent).Auth.Providers;
        return new ModelList(setup, agent.Profiles.Readable, providers, upstream, time.GetUtcNow()).Page(request, problem);
    }

    public override Task<GetUsageResponse> GetUsage(GetUsageRequest request, ServerCallContext context) =>
        usage.GetAsync(request, context.Caller(), context.CancellationToken);

    public override async Task<ResolveModelResponse> ResolveModel(ResolveModelRequest request, ServerCallContext context)
    {
        var agent = await fleet.FindAsync(request.AgentId, context);
        var setup = setups.Of(agent.Id);
        var named = ModelRef.Parse(NewModel(request.Model), setup.Models.Aliases)
            ?? throw Refusal.InvalidField("model", $"Invalid model reference: {request.Model}").ToException();
        var problem = await catalog.ProblemOfAsync(named, agent, setup, context.CancellationToken);
        return new ResolveModelResponse
        {
            Model = named.Key,
            Known = problem is null,
            Problem = problem ?? "",
            Allowed = setup.Models.IsAllowed(named),
        };
    }

    public override async Task<AllowModelsResponse> AllowModels(AllowModelsRequest request, ServerCallContext context)
    {
        var models = CheckedModels(request.Models, NewModel);
        var begun = await ListAsync(text => AllowEdits.Allow(text, models, Aliases), context);
        var response = new AllowModelsResponse { ConfigPath = configuration.EditedPlace };
        response.AllowedModels.AddRange(Allowed);
        response.NewAllowedModels.AddRange(begun);
        return response;
    }

    public override async Task<DisallowModelsResponse> DisallowModels(DisallowModelsRequest request, ServerCallContext context)
    {
        var models = CheckedModels(request.Models, CheckedModel);
        var before = Aliases.Entries;
        await EditAsync(
            text =>
            {
                var agents = configuration.Current.Configuration.Agents;
                var standard = agents.Model.Primary ?? configuration.Generation.DefaultModel;
                return AllowEdits.Disallow(text, models, Aliases, AllowEdits.UsesOf(agents, standard, Aliases));
            },
            context);
        var response = new DisallowModelsResponse { ConfigPath = configuration.EditedPlace };
        response.AllowedModels.AddRange(Allowed);
        response.RemovedAliases.AddRange(before.Except(Aliases.Entries).Select(entry => entry.Alias));
        return response;
    }

    public override async Task<SetDefaultModelResponse> SetDefaultModel(SetDefaultModelRequest request, ServerCallContext context)
    {
        var begun = await ListAsync(
            text => ModelEdits.SetDefault(text, NewModel(request.Model), Aliases, request.Image), context);
        var model = ChoiceOf(request.Image).Primary ?? "";
        var response = new SetDefaultModelResponse { Model = model, ConfigPath = configuration.EditedPlace };
        response.NewAllowedModels.AddRange(begun);
        return response;
    }

    public override async Task<AddModelAliasResponse> AddModelAlias(AddModelAliasRequest request, ServerCallContext context)
    {
        var begun = await ListAsync(
            text => ModelEdits.AddAlias(text, NewAlias(request.Alias), NewModel(request.Model), Aliases), context);
        var model = Aliases.Find(request.Alias)?.Key ?? "";
        var response = new AddModelAliasResponse { Model = model, ConfigPath = configuration.EditedPlace };
        response.NewAllowedModels.AddRange(begun);
        return response;
    }

    public override async Task<RemoveModelAliasResponse> RemoveModelAlias(
        RemoveModelAliasRequest request, ServerCallContext context)
    {
        await EditAsync(text => ModelEdits.RemoveAlias(text, CheckedAlias(request.Alias), Aliases), context);
        return new RemoveModelAliasResponse { ConfigPath = configuration.EditedPlace };
    }

    public override async Task<AddModelFallbackResponse> AddModelFallback(
        AddModelFallbackRequest request, ServerCallContext context)
    {
        var begun = await ListAsync(
            text => ModelEdits.AddFallback(text, NewModel(request.Model), Aliases, request.Image), context);
        var response = new AddModelFallbackResponse { ConfigPath = configuration.EditedPlace };
        response.NewAllowedModels.AddRange(begun);
        response.Fallbacks.AddRange(ChoiceOf(request.Image).Fallbacks ?? []);
        return response;
    }

    public override async Task<RemoveModelFallbackResponse> RemoveModelFallback(
        RemoveModelFallbackRequest request, ServerCallContext context)
    {
        await EditAsync(text => ModelEdits.RemoveFallback(text, CheckedModel(request.Model), Aliases, request.Image), context);
        var response = new RemoveModelFallbackResponse { ConfigPath = configuration.EditedPlace };
        response.Fallbacks.AddRange(ChoiceOf(request.Image).Fallbacks ?? []);
        return response;
    }

    public override async Task<ClearModelFallbacksResponse> ClearModelFallbacks(
        ClearModelFallbacksRequest request, ServerCallContext context)
    {
        await EditAsync(text => ModelEdits.ClearFallbacks(text, request.Image), context);
        return new ClearModelFallbacksResponse { ConfigPath = configuration.EditedPlace };
    }

    private ModelAliases Aliases => setups.Of(fleet.DefaultId).Models.Aliases;

    // What was edited, and not what the default agent may say otherwise for itself.
    private ModelChoice ChoiceOf(bool image) =>
        image ? configuration.Current.Configuration.Agents.ImageModel : configuration.Current.Configuration.Agents.Model;

    private Task EditAsync(Func<string, ConfigurationEdit> edit, ServerCallContext context) =>
        configuration.EditAsync(edit, context.CancellationToken);

    private IEnumerable<string> Allowed => configuration.Current.Configuration.Agents.Models.Select(model => model.Key);

    // The allow-list, if the edit began it.
    private async Task<IReadOnlyList<string>> ListAsync(Func<string, ConfigurationEdit> edit, ServerCallContext context)
    {
        var hadList = Allowed.Any();
        await EditAsync(edit, context);
        return hadList ? [] : [.. Allowed];
    }

    private static List<string> CheckedModels(RepeatedField<string> models, Func<string, string> check) => models.Count > 0
        ? [.. models.Select(check)]
        : throw Refusal.InvalidField("models", "Required: one or more models").ToException();

    // What the configuration names is shown: a secret that was pasted into the wrong place must not come there. One that is there
    // can be taken away.
    private static string NewModel(string model) => CheckedModel(WithoutSecret("model", "model", model));

    private static string NewAlias(string alias) => CheckedAlias(WithoutSecret("alias", "name", alias));

    private static string WithoutSecret(string field, string what, string given) => SecretText.HasCredential(given)
        ? throw Refusal.InvalidField(field, $"Expected a {what}; this looks like a secret").ToException()
        : given;

    private static string CheckedModel(string model) =>
        Acceptable("model", model).Trim() is { Length: > 0 } said
            ? said
            : throw Refusal.InvalidField("model", $"Invalid model reference: {model}").ToException();

    private static string CheckedAlias(string alias) => Acceptable("alias", alias).Trim() is { Length: > 0 } said
        ? said
        : throw Refusal.InvalidField("alias", "Alias cannot be empty.").ToException();

    private static string Acceptable(string field, string given) =>
        ModelRef.IsAcceptable(given) ? given : throw Refusal.InvalidField(field, ModelRef.Expected).ToException();

    private ValueTask<Purse?> PurseOfAsync(CompletionCall call, ServerCallContext context)
    {
        var client = context.Caller().Client;
        return client.Budget is null
            ? new((Purse?)null)
            : budgets.OpenAsync(client, call.Estimate, context.CancellationToken);
    }

    private static Task SettleAsync(Purse? purse) => purse?.SettleAsync() ?? Task.CompletedTask;

    private async ValueTask<CompletionCall> ReadAsync(CompletionInput? input, ServerCallContext context)
    {
        var call = context.Call();
        var (request, errors) = RequestMapping.ToRequest(input, call.Caller);
        var completion = await calls.ReadAsync(request, errors);
        call.Use(completion.Agent.Id);
        return completion;
    }
}
