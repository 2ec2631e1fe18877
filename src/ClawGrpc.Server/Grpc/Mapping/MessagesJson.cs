using System.Collections.Immutable;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.V1;
using Google.Protobuf.Collections;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>Writes a typed Messages request as the JSON it means.</summary>
internal sealed class MessagesJson : IDisposable
{
    // What brackets, names and roles take in a request of few messages.
    private const int AroundTexts = 256;

    private readonly JsonObjectWriter _json;
    private readonly FieldErrors _errors = new();
    private readonly List<string> _written = new(4);
    private readonly BlockWriter _blocks;

    private MessagesJson(int about)
    {
        _json = new JsonObjectWriter(about);
        _blocks = new BlockWriter(_json, _errors);
    }

    /// <summary>
    /// The body; without <c>model</c> and <c>stream</c>, which are decided later. With errors it is not to be used.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="errors">All that is wrong with it, by the names of its fields; empty: nothing is.</param>
    public static ReadOnlyMemory<byte> Render(MessagesRequest request, out ImmutableArray<FieldError> errors)
    {
        using var body = new MessagesJson(request.CalculateSize() + AroundTexts);
        body.Write(request);
        errors = body._errors.All;
        return body._json.Json;
    }

    public void Dispose() => _json.Dispose();

    private void Write(MessagesRequest request)
    {
        _json.Open('{');
        if (request.HasMaxTokens)
            Name("max_tokens").Number(request.MaxTokens);
        if (request.System.Count > 0)
            WriteBlocks("system", request.System);
        if (request.Tools.Count > 0)
            WriteTools(request.Tools);
        if (request.ToolChoice is not null)
            WriteToolChoice(request.ToolChoice);
        if (request.Thinking is not null)
            WriteThinking(request.Thinking);
        if (request.StopSequences.Count > 0)
            WriteStopSequences(request.StopSequences);
        if (request.HasTemperature)
            WriteFinite("temperature", request.Temperature);
        if (request.HasTopP)
            WriteFinite("top_p", request.TopP);
        if (request.HasTopK)
            Name("top_k").Number(request.TopK);
        WriteNames(request);
        WriteMessages(request.Messages);
        BlockWriter.WriteExtra(_json, _errors, request.ExtraJson, "extra_json", _written);
        _json.Close('}');
    }

    private JsonObjectWriter Name(string name)
    {
        _written.Add(name);
        return _json.Name(name);
    }

    private void WriteNames(MessagesRequest request)
    {
        if (request.UserId.Length > 0)
        {
            Name("metadata").Open('{').Member("user_id", request.UserId);
            _json.Close('}');
        }

        if (request.ServiceTier.Length > 0)
            Name("service_tier").Text(request.ServiceTier);
    }

    private void WriteFinite(string name, double number)
    {
        if (double.IsFinite(number))
            Name(name).Number(number);
        else
            _errors.Add(name, "must be a finite number");
    }

    private void WriteStopSequences(RepeatedField<string> sequences)
    {
        Name("stop_sequences").Open('[');
        foreach (var sequence in sequences)
            _json.Item().Text(sequence);
        _json.Close(']');
    }

    private void WriteMessages(RepeatedField<Message> messages)
    {
        if (messages.Count == 0)
            _errors.Add("messages", "must have at least one message");
        Name("messages").Open('[');
        for (var index = 0; index < messages.Count; index++)
        {
            _errors.Enter("messages", index);
            _json.Item().Open('{').Member("role", RoleOf(messages[index].Role));
            if (messages[index].Content.Count == 0)
                _errors.Add("content", "must have at least one block");
            _json.Name("content");
            _blocks.WriteBlocks(messages[index].Content, "content");
            _json.Close('}');
            _errors.Leave();
        }

        _json.Close(']');
    }

    private void WriteBlocks(string name, RepeatedField<ContentBlock> blocks)
    {
        Name(name);
        _blocks.WriteBlocks(blocks, name);
    }

    private string RoleOf(Role role)
    {
        switch (role)
        {
            case Role.User:
                return "user";
            case Role.Assistant:
                return "assistant";
            case Role.System:
                return "system";
            default:
                _errors.Add("role", "must be ROLE_USER, ROLE_ASSISTANT or ROLE_SYSTEM");
                return "";
        }
    }

    private void WriteToolChoice(ToolChoice choice)
    {
        _errors.Required("tool_choice.type", choice.Type);
        Name("tool_choice").Open('{').Member("type", choice.Type);
        if (choice.Name.Length > 0)
            _json.Member("name", choice.Name);
        if (choice.DisableParallelToolUse)
            _json.Member("disable_parallel_tool_use", true);
        _json.Close('}');
    }

    private void WriteThinking(Thinking thinking)
    {
        _errors.Required("thinking.type", thinking.Type);
        Name("thinking").Open('{').Member("type", thinking.Type);
        if (thinking.BudgetTokens != 0)
            _json.Member("budget_tokens", thinking.BudgetTokens);
        if (thinking.Display.Length > 0)
            _json.Member("display", thinking.Display);
        _json.Close('}');
    }

    private void WriteTools(RepeatedField<Tool> tools)
    {
        Name("tools").Open('[');
        for (var index = 0; index < tools.Count; index++)
        {
            _errors.Enter("tools", index);
            WriteTool(tools[index]);
            _errors.Leave();
        }

        _json.Close(']');
    }

    private void WriteTool(Tool tool)
    {
        _json.Item();
        switch (tool.ToolCase)
        {
            case Tool.ToolOneofCase.Custom:
                WriteCustomTool(tool);
                break;
            case Tool.ToolOneofCase.RawJson:
                if (_errors.IsJson("raw_json", tool.RawJson.Span))
                    _json.Raw(tool.RawJson.Span);
                if (tool.CacheControl is not null)
                    _errors.Add("cache_control", "must be unset beside raw_json: write it into the JSON");
                break;
            default:
                _errors.Add("", "is required: one of custom, raw_json");
                break;
        }
    }

    private void WriteCustomTool(Tool tool)
    {
        var custom = tool.Custom;
        List<string> written = ["name", "input_schema"];
        _errors.Required("custom.name", custom.Name);
        _json.Open('{').Member("name", custom.Name);
        if (custom.Description.Length > 0)
        {
            _json.Member("description", custom.Description);
            written.Add("description");
        }

        if (_errors.IsJson("custom.input_schema_json", custom.InputSchemaJson.Span))
            _json.Name("input_schema").Raw(custom.InputSchemaJson.Span);
        BlockWriter.WriteCacheControl(_json, tool.CacheControl);
        if (tool.CacheControl is not null)
            written.Add("cache_control");
        BlockWriter.WriteExtra(_json, _errors, custom.ExtraJson, "custom.extra_json", written);
        _json.Close('}');
    }
}
