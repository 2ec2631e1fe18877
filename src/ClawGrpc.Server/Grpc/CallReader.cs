using ClawGrpc.Gateway;
using System.Text.RegularExpressions;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Grpc;

/// <summary>Reads a completion's input: checks all of it before anything is done (design: "One streaming completion", step 2).</summary>
internal sealed partial class CallReader(Fleet fleet, AgentSetups setups)
{
    private const int LongestSessionId = 200;

    /// <summary>The call to try.</summary>
    /// <exception cref="RefusedException">INVALID_FIELD with every wrong field, AGENT_NOT_FOUND or MODEL_NOT_FOUND.</exception>
    public async Task<CompletionCall> ReadAsync(CompletionInput? input)
    {
        if (input is null)
            throw Refusal.InvalidField("input", "Required").ToException();
        var agent = await fleet.FindAsync(input.AgentId);
        var setup = setups.Of(agent.Id);
        var request = Check(input);
        var model = ModelOf(input, request, setup.Models);
        var question = new RouteQuestion(setup.Models.ToTry(model), model.ProfileId, null);
        return new CompletionCall(agent, setup, question, input.SessionId, new RequestKitchen(request, input, setup));
    }

    private static RequestBody Check(CompletionInput input)
    {
        var wrong = new List<(string Field, string Description)>();
        if (input.SessionId.Length > LongestSessionId)
            wrong.Add(("input.session_id", $"Expected at most {LongestSessionId} characters"));
        if (input.AnthropicVersion.Length > 0 && !VersionText().IsMatch(input.AnthropicVersion))
            wrong.Add(("input.anthropic_version", "Expected a date such as 2023-06-01"));
        if (!Enum.IsDefined(input.CacheRetention))
            wrong.Add(("input.cache_retention", "Expected one of the values of CacheRetention"));
        for (var index = 0; index < input.Betas.Count; index++)
        {
            if (!BetaText().IsMatch(input.Betas[index]))
                wrong.Add(($"input.betas[{index}]", "Expected letters, digits, dots, dashes and underscores"));
        }

        var (json, prefix) = JsonOf(input, wrong);
        var version = input.AnthropicVersion.Length > 0 ? input.AnthropicVersion : AnthropicVersion.Default;
        RequestBody? request = null;
        if (json is { } bytes)
        {
            request = RequestBody.Parse(bytes, version, out var errors);
            foreach (var error in errors)
                wrong.Add((error.Path.Length > 0 ? $"{prefix}.{error.Path}" : prefix, error.Description));
        }

        return wrong.Count == 0 ? request! : throw Refusal.InvalidFields(wrong).ToException();
    }

    private static (ReadOnlyMemory<byte>? Json, string Prefix) JsonOf(CompletionInput input, List<(string, string)> wrong)
    {
        switch (input.PromptCase)
        {
            case CompletionInput.PromptOneofCase.MessagesJson:
                return (input.MessagesJson.Memory, "input.messages_json");
            case CompletionInput.PromptOneofCase.Messages:
                var rendered = MessagesJson.Render(input.Messages, out var errors);
                foreach (var error in errors)
                    wrong.Add(($"input.messages.{error.Path}", error.Description));
                // The cast says that there is none: without it null would become an empty text.
                return (errors.IsEmpty ? rendered : (ReadOnlyMemory<byte>?)null, "input.messages");
            default:
                wrong.Add(("input.prompt", "Required: one of messages, messages_json"));
                return (null, "");
        }
    }

    private static ModelRef ModelOf(CompletionInput input, RequestBody request, ModelChoices models)
    {
        var asked = input.Model.Length > 0 ? input.Model : request.Model;
        if (string.IsNullOrWhiteSpace(asked))
            return models.Default.Provider == Provider.Anthropic ? models.Default : throw NotServed(models.Default.Key, models.Default.Provider).ToException();
        if (ModelRef.Parse(asked, models.Aliases) is not { } model)
            throw Refusal.InvalidField("input.model", "Expected provider/model, an alias or a model's id, each with @profile or without").ToException();
        if (model.Provider != Provider.Anthropic)
            throw NotServed(model.Key, model.Provider).ToException();
        return models.IsAllowed(model) ? model : throw new Refusal(RefusalReason.ModelNotFound, RefusalCode.NotFound,
            $"Model \"{model.Key}\" is not allowed: agents.defaults.models of the configuration lists the models that are. Allowed: {string.Join(", ", models.Allowed)}.")
            .With("model", model.Key).ToException();
    }

    private static Refusal NotServed(string model, string provider) => new Refusal(RefusalReason.ModelNotFound, RefusalCode.NotFound,
        $"Unknown model: {model}. ClawGrpc serves the provider anthropic, not {provider}.").With("model", model);

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}\z")]
    private static partial Regex VersionText();

    [GeneratedRegex(@"^[A-Za-z0-9._\-]{1,100}\z")]
    private static partial Regex BetaText();
}
