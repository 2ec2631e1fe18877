using System.Text.RegularExpressions;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;

namespace ClawGrpc.Gateway.Completions;

/// <summary>Checks all of a caller's request before anything is done.</summary>
internal sealed partial class CallReader(Fleet fleet, AgentSetups setups, SessionPins pins, TimeProvider time)
{
    private const int LongestSessionId = 200;

    /// <summary>The call that the request asks for.</summary>
    /// <param name="request">The request.</param>
    /// <param name="errors">What its face has found wrong with it.</param>
    /// <exception cref="RefusedException">INVALID_FIELD with every wrong field, AGENT_NOT_FOUND or MODEL_NOT_FOUND.</exception>
    public async ValueTask<CompletionCall> ReadAsync(CompletionRequest request, FieldErrors errors) =>
        Read(await fleet.FindAsync(request.Caller, request.AgentId), request, errors).OrThrow();

    /// <summary>The same of an agent that is known.</summary>
    public CallResult<CompletionCall> Read(Agent agent, CompletionRequest request, FieldErrors errors)
    {
        var setup = setups.Of(agent.Id);
        if (!request.Subscriptions)
            setup = setup with { Auth = setup.Auth with { Subscriptions = false } };
        var body = Check(request, errors);
        if (Refusal.Of(errors) is { } wrong)
            return new CallResult<CompletionCall>.Refused(wrong);
        var asked = request.Model.Length > 0 ? request.Model : body!.Model;
        if (ModelOf(asked, setup.Models, errors, out var refusal) is not { } model)
            return new CallResult<CompletionCall>.Refused(refusal!);
        if (!request.Caller.Client.MayUseModel(model.Key))
            return new CallResult<CompletionCall>.Refused(AccessRefusals.ModelNotPermitted(request.Caller, model.Key));
        if (request.Caller.SessionOf(request.SessionId) is not { } session)
            return new CallResult<CompletionCall>.Refused(AccessRefusals.SessionNotPermitted(request.Caller));
        var permitted = (request.Fallbacks ? setup.Models.ToTry(model) : [model.Model])
            .Where(each => request.Caller.Client.MayUseModel($"{Provider.Anthropic}/{each}"));
        var question = new RouteQuestion(
            [.. permitted], request.ProfileId.Length > 0 ? request.ProfileId : model.ProfileId, pins.Find(agent.Id, session));
        var requests = new RequestFactory(body!, request, setup);
        var call = new CompletionCall(agent, setup, question, session, requests, pins, time)
        {
            Client = request.Caller.Client.Name,
        };
        return new CallResult<CompletionCall>.Served(call);
    }

    private static RequestBody? Check(CompletionRequest request, FieldErrors errors)
    {
        if (request.SessionId.Length > LongestSessionId)
            errors.Add("session_id", $"Expected at most {LongestSessionId} characters");
        if (request.AnthropicVersion.Length > 0 && !VersionText().IsMatch(request.AnthropicVersion))
            errors.Add("anthropic_version", "Expected a date such as 2023-06-01");
        for (var index = 0; index < request.Betas.Length; index++)
        {
            if (!BetaText().IsMatch(request.Betas[index]))
                errors.Add($"betas[{index}]", "Expected letters, digits, dots, dashes and underscores");
        }

        if (request.Body is not { } json)
            return null;
        var version = request.AnthropicVersion.Length > 0 ? request.AnthropicVersion : AnthropicVersion.Default;
        var body = RequestBody.Parse(json, version, out var wrong);
        errors.Enter(request.BodyField);
        errors.Add(wrong);
        errors.Leave();
        return body;
    }

    private static ModelRef? ModelOf(string? asked, ModelChoices models, FieldErrors errors, out Refusal? refusal)
    {
        refusal = null;
        if (asked is not null && !ModelRef.IsAcceptable(asked))
        {
            errors.Add("model", ModelRef.Expected);
            refusal = Refusal.Of(errors);
            return null;
        }

        var model = string.IsNullOrWhiteSpace(asked) ? models.Default : ModelRef.Parse(asked, models.Aliases);
        if (model is null)
        {
            errors.Add("model", "Expected provider/model, an alias or a model's id, each with @profile or without");
            refusal = Refusal.Of(errors);
        }
        else if (model.Provider != Provider.Anthropic)
        {
            refusal = NotServed(model.Key, model.Provider);
        }
        else if (!string.IsNullOrWhiteSpace(asked) && !models.IsAllowed(model))
        {
            refusal = NotAllowed(model, models);
        }

        return refusal is null ? model : null;
    }

    private static Refusal NotAllowed(ModelRef model, ModelChoices models) =>
        new Refusal(RefusalReason.ModelNotFound, RefusalCode.NotFound,
        $"Model \"{model.Key}\" is not allowed: agents.defaults.models of the configuration lists the models that are. "
        + $"Allowed: {string.Join(", ", models.Allowed)}.").With("model", model.Key);

    private static Refusal NotServed(string model, string provider) =>
        new Refusal(RefusalReason.ModelNotFound, RefusalCode.NotFound,
        $"Unknown model: {model}. ClawGrpc serves the provider anthropic, not {provider}.").With("model", model);

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}\z")]
    private static partial Regex VersionText();

    [GeneratedRegex(@"^[A-Za-z0-9._\-]{1,100}\z")]
    private static partial Regex BetaText();
}
