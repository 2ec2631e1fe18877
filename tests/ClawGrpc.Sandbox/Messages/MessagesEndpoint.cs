using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary><c>POST /v1/messages</c> and <c>/v1/messages/count_tokens</c>.</summary>
internal sealed class MessagesEndpoint(SandboxOptions options, ModelTable models, Ids ids)
{
    private readonly Validation _validation = new(models);
    private readonly PromptCache _cache = new(options.TimeProvider);

    public Reply Create(SeenRequest request, Account account)
    {
        var (model, error) = _validation.CheckBody(request, isCount: false);
        if (model is null)
        {
            return Reply.Error(error!, request.RequestId);
        }

        var body = request.Json;
        var prompt = Prompt.Of(body);
        var count = Prompt.CountTokens(prompt);
        if (count > model.MaxInput)
        {
            error = ApiError.Invalid($"prompt is too long: {count} tokens > {model.MaxInput} maximum");
            return Reply.Error(error, request.RequestId);
        }

        var domain = $"{account.Organization}/{account.Workspace}/{model.Id}";
        var (usage, keep) = _cache.Look(domain, prompt, options.MinimumCacheableTokens ?? model.MinimumCacheable);
        var answer = Answering.To(body, model.Id, ids.Next("msg_"));
        var reply = body.Get("stream")?.ValueKind == JsonValueKind.True
            ? Reply.Stream(AnswerEvents.Write(answer, usage))
            : Reply.Ok(AnswerJson.Write(answer, usage));
        return reply with { Begun = keep };
    }

    public Reply CountTokens(SeenRequest request)
    {
        var (model, error) = _validation.CheckBody(request, isCount: true);
        return model is null
            ? Reply.Error(error!, request.RequestId)
            : Reply.Ok(Json.Bytes(writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("input_tokens", Prompt.CountTokens(Prompt.Of(request.Json)));
                writer.WriteEndObject();
            }));
    }

    public void ClearCache() => _cache.Clear();
}
