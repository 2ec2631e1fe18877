using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>
/// The refusals of the API that a client can provoke (anthropic-api.md 1 and 2): the first that applies, with the API's text
/// where it is known.
/// </summary>
internal sealed class Validation(ModelTable models)
{
    private const string Newest = "2026-10-21";
    private static readonly string[] SamplingFields = ["temperature", "top_p", "top_k"];

    // In the order in which the API looks; each sees only bodies that passed those before it.
    private static readonly Func<JsonElement, ModelEntry, string?>[] BodyRules =
    [
        CheckMessages, CheckTokens, CheckThinking, CheckSampling, CheckToolChoice, Breakpoints.Check,
    ];

    /// <summary>
    /// What is wrong with the headers of any request below <c>/v1</c> but the token endpoint's; null when nothing is.
    /// </summary>
    public static ApiError? CheckHeaders(SeenRequest request)
    {
        var version = request.Header("anthropic-version");
        var error = version switch
        {
            null => "anthropic-version: header is required",
            "2023-06-01" or Newest => Betas.Check(request.Betas),
            _ => $"anthropic-version: \"{version}\" is not a valid version",
        };
        return error is null ? null : ApiError.Invalid(error);
    }

    /// <summary>The model that is asked for, or what is wrong with the body.</summary>
    public (ModelEntry? Model, ApiError? Error) CheckBody(SeenRequest request, bool isCount)
    {
        if (request.TryJson is not { ValueKind: JsonValueKind.Object } body)
        {
            return (null, ApiError.Invalid("The request body is not valid JSON."));
        }

        if (Fields.Check(body, request.Betas, isCount) is { } fieldError)
        {
            return (null, ApiError.Invalid(fieldError));
        }

        var sampling = SamplingFields.FirstOrDefault(name => body.Get(name) is not null);
        if (sampling is not null && request.Header("anthropic-version") == Newest)
        {
            return (null, ApiError.Invalid($"{sampling}: Extra inputs are not permitted"));
        }

        if (models.Find(body.GetText("model")!) is not { } model)
        {
            return (null, ApiError.Of(404, $"model: {body.GetText("model")}"));
        }

        var error = BodyRules.Select(rule => rule(body, model)).FirstOrDefault(found => found is not null);
        return error is null ? (model, null) : (null, ApiError.Invalid(error));
    }

    private static string? CheckMessages(JsonElement body, ModelEntry model)
    {
        var messages = body.GetItems("messages").ToList();
        if (messages.Count == 0)
        {
            return "messages: at least one message is required";
        }

        var wrong = messages.FindIndex(message => message.GetText("role") is not ("user" or "assistant" or "system"));
        if (wrong >= 0)
        {
            return messages[wrong].ValueKind == JsonValueKind.Object
                ? $"messages.{wrong}.role: Input should be 'user', 'assistant' or 'system'"
                : $"messages.{wrong}: Input does not match the expected shape.";
        }

        wrong = messages.FindIndex(message =>
            message.Get("content")?.ValueKind is not (JsonValueKind.String or JsonValueKind.Array));
        return wrong >= 0 ? $"messages.{wrong}.content: Field required"
            : messages[^1].GetText("role") == "assistant" && !model.Prefill
                ? "This model does not support assistant message prefill. The conversation must end with a user message."
            : null;
    }

    private static string? CheckTokens(JsonElement body, ModelEntry model)
    {
        var maximum = body.GetInteger("max_tokens");
        var isWarmUp = maximum == 0;
        return maximum < 0 ? "max_tokens: Input should be greater than or equal to 0"
            : maximum > model.MaxOutput
                ? $"max_tokens: {maximum} > {model.MaxOutput}, which is the maximum allowed number of output tokens for "
                    + model.Id
            : isWarmUp && body.Get("stream")?.GetBoolean() == true ? "max_tokens: 0 is not supported with `stream`"
            : isWarmUp && body.Get("thinking")?.GetText("type") == "enabled" ? "max_tokens: 0 is not supported with `thinking`"
            : isWarmUp && body.Get("tool_choice")?.GetText("type") is "any" or "tool"
                ? "max_tokens: 0 is not supported with a forced `tool_choice`"
            : null;
    }

    private static string? CheckThinking(JsonElement body, ModelEntry model)
    {
        if (body.Get("thinking")?.GetText("type") is not "enabled")
        {
            return null;
        }

        return body.Get("thinking")?.GetInteger("budget_tokens") switch
        {
            null => "thinking.enabled.budget_tokens: Field required",
            < 1024 => "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
            { } budget when budget >= (body.GetInteger("max_tokens") ?? int.MaxValue) =>
                "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at "
                + "https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size",
            _ => null,
        };
    }

    private static string? CheckSampling(JsonElement body, ModelEntry model)
    {
        var (temperature, topP) = (body.Get("temperature")?.GetDouble(), body.Get("top_p")?.GetDouble());
        return temperature is < 0 or > 1 ? "temperature: range: 0..1"
            : model.FreeSampling ? null
            : temperature is not (null or 1) ? "`temperature` is deprecated for this model."
            : topP is < 0.99 ? "`top_p` is deprecated for this model."
            : body.Get("top_k") is not null ? "`top_k` is deprecated for this model."
            : null;
    }

    private static string? CheckToolChoice(JsonElement body, ModelEntry model)
    {
        var choice = body.Get("tool_choice");
        var type = choice?.GetText("type");
        var names = body.GetItems("tools").Select(tool => tool.GetText("name")).ToList();
        var thinks = model.AlwaysThinks || body.Get("thinking")?.GetText("type") == "enabled";
        return choice is null || type is "auto" or "none" ? null
            : type is not ("any" or "tool") ? "tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'"
            : thinks ? "Thinking may not be enabled when tool_choice forces tool use."
            : type is "tool" && !names.Contains(choice?.GetText("name"))
                ? $"Tool '{choice?.GetText("name")}' not found in provided tools"
            : null;
    }
}
