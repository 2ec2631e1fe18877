using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>A completion's input on its way in.</summary>
internal static class RequestMapping
{
    /// <summary>The request that an input means, and the collector that what else is wrong with it goes to.</summary>
    /// <exception cref="RefusedException">INVALID_FIELD: there is no input.</exception>
    public static (CompletionRequest Request, FieldErrors Errors) ToRequest(CompletionInput? input, Caller caller)
    {
        if (input is null)
            throw Refusal.InvalidField("input", "Required").ToException();
        var errors = new FieldErrors();
        errors.Enter("input");
        var (body, field) = BodyOf(input, errors);
        var request = new CompletionRequest
        {
            Caller = caller,
            AgentId = input.AgentId,
            Model = input.Model,
            SessionId = input.SessionId,
            Body = body,
            BodyField = field,
            Retention = RetentionOf(input.CacheRetention, errors),
            Betas = input.Betas.Count == 0 ? [] : [.. input.Betas],
            AnthropicVersion = input.AnthropicVersion,
        };
        return (request, errors);
    }

    private static (ReadOnlyMemory<byte>? Body, string Field) BodyOf(CompletionInput input, FieldErrors errors)
    {
        switch (input.PromptCase)
        {
            case CompletionInput.PromptOneofCase.MessagesJson:
                return (input.MessagesJson.Memory, "messages_json");
            case CompletionInput.PromptOneofCase.Messages:
                var rendered = MessagesJson.Render(input.Messages, out var wrong);
                errors.Enter("messages");
                errors.Add(wrong);
                errors.Leave();

                // Without the cast null would become an empty text.
                return (wrong.IsEmpty ? rendered : (ReadOnlyMemory<byte>?)null, "messages");
            default:
                errors.Add("prompt", "Required: one of messages, messages_json");
                return (null, "");
        }
    }

    private static Retention? RetentionOf(CacheRetention retention, FieldErrors errors)
    {
        if (!Enum.IsDefined(retention))
            errors.Add("cache_retention", "Expected one of the values of CacheRetention");
        return retention switch
        {
            CacheRetention.None => Retention.None,
            CacheRetention.Short => Retention.Short,
            CacheRetention.Long => Retention.Long,
            _ => null,
        };
    }
}
