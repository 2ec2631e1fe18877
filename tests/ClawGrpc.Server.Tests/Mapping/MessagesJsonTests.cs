using System.Text;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Server.Tests.Mapping;

public class MessagesJsonTests
{
    private const string Blocks = "text, image, document, tool_use, tool_result, thinking, redacted_thinking, raw_json";

    [Fact]
    public void A_full_request_is_written_member_by_member()
    {
        var request = new MessagesRequest
        {
            MaxTokens = 100,
            System = { Text("Be brief \"<é>\"."), },
            Tools =
            {
                new Tool
                {
                    Custom = new CustomTool
                    {
                        Name = "n", Description = "d", InputSchemaJson = Json(
                            """{"type":"object",  "b":1, "a":2.0}"""), ExtraJson = Json("""{"strict":true}"""),
                    },
                    CacheControl = new CacheControl { Ttl = "1h" },
                },
                new Tool { RawJson = Json("""{"type":"web_search_20260318", "name":"web_search"}""") },
            },
            ToolChoice = new ToolChoice { Type = "tool", Name = "n", DisableParallelToolUse = true },
            Thinking = new Thinking { Type = "enabled", BudgetTokens = 1024, Display = "omitted" },
            StopSequences = { "a", "\n" },
            Temperature = 0.1,
            TopP = 1,
            TopK = 5,
            UserId = "u",
            ServiceTier = "auto",
            Messages =
            {
                new Message { Role = Role.User, Content = { Text("hi", new CacheControl()) } },
                new Message { Role = Role.Assistant,
                    Content = { new ContentBlock { ToolUse = new ToolUseBlock { Id = "t", Name = "n" } } } },
                new Message { Role = Role.System, Content = { new ContentBlock { RawJson = Json("""{"type":"novel"}""") } } },
            },
            ExtraJson = Json("""{"output_config":{"effort":"low"},"speed":"fast"}"""),
        };
        var body = MessagesJson.Render(request, out var errors);
        Assert.Empty(errors);
        Assert.Equal(
            """
            {"max_tokens":100,"system":[{"type":"text","text":"Be brief \"<é>\"."}],"tools":[{"name":"n","description":"d",
            "input_schema":{"type":"object",  "b":1, "a":2.0},"cache_control":{"type":"ephemeral","ttl":"1h"},"strict":true},
            {"type":"web_search_20260318", "name":"web_search"}],"tool_choice":{"type":"tool","name":"n",
            "disable_parallel_tool_use":true},
            "thinking":{"type":"enabled","budget_tokens":1024,"display":"omitted"},"stop_sequences":["a","\n"],"temperature":0.1,
            "top_p":1,"top_k":5,
            "metadata":{"user_id":"u"},"service_tier":"auto","messages":[
            {"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]},
            {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{}}]},{"role":"system",
            "content":[{"type":"novel"}]}],
            "output_config":{"effort":"low"},"speed":"fast"}
            """.Replace("\n", "", StringComparison.Ordinal),
            Encoding.UTF8.GetString(body.Span));
        Assert.NotNull(RequestBody.Parse(body, AnthropicVersion.Default, out _));
    }

    [Fact]
    public void Smallest_request_has_no_unset_members()
    {
        var body = MessagesJson.Render(
            new MessagesRequest { Messages = { new Message { Role = Role.User, Content = { Text("hi") } } } }, out _);
        Assert.Equal(
            """{"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}""", Encoding.UTF8.GetString(body.Span));
    }

    [Fact]
    public void All_field_errors_are_returned_at_once()
    {
        MessagesJson.Render(WrongEverywhere(), out var errors);
        Assert.Equal(
            $$"""
            extra_json.messages: is there twice, or has a typed field
            messages[0].content: must have at least one block
            messages[0].role: must be ROLE_USER, ROLE_ASSISTANT or ROLE_SYSTEM
            messages[1].content[0]: is required: one of {{Blocks}}
            messages[1].content[1].image.source: is required: one of data, url, file_id, text, raw_json
            messages[1].content[2].image.source.data.media_type: is required
            messages[1].content[3].document.source.raw_json: must be a JSON object
            messages[1].content[4].tool_use.id: is required
            messages[1].content[4].tool_use.input_json: is not JSON at line 1, byte 6
            messages[1].content[4].tool_use.name: is required
            messages[1].content[5].tool_result.content[0]: is required: one of {{Blocks}}
            messages[1].content[5].tool_result.tool_use_id: is required
            messages[1].content[6].cache_control: must be unset beside raw_json: write it into the JSON
            messages[1].content[6].extra_json: must be empty beside raw_json: write it into the JSON
            messages[1].content[6].raw_json: is not valid UTF-8
            messages[1].content[7].extra_json.text: is there twice, or has a typed field
            temperature: must be a finite number
            thinking.type: is required
            tool_choice.type: is required
            tools[0]: is required: one of custom, raw_json
            tools[1].custom.extra_json.name: is there twice, or has a typed field
            tools[1].custom.extra_json.x: is there twice, or has a typed field
            tools[1].custom.input_schema_json: must be a JSON object
            tools[1].custom.name: is required
            tools[2].cache_control: must be unset beside raw_json: write it into the JSON
            tools[2].raw_json: is not JSON at line 1, byte 2
            """,
            string.Join('\n', errors.Select(error => $"{error.Path}: {error.Description}").Order(StringComparer.Ordinal)));
    }

    private static MessagesRequest WrongEverywhere() => new()
    {
        Temperature = double.NaN,
        ToolChoice = new ToolChoice(),
        Thinking = new Thinking(),
        Tools =
        {
            new Tool(),
            new Tool { Custom = new CustomTool { InputSchemaJson = Json(
                "[]"), ExtraJson = Json("""{"name":1,"x":1,"x":2}""") } },
            new Tool { RawJson = Json("{"), CacheControl = new CacheControl() },
        },
        Messages =
        {
            new Message(),
            new Message
            {
                Role = Role.User,
                Content =
                {
                    new ContentBlock(),
                    new ContentBlock { Image = new ImageBlock() },
                    new ContentBlock { Image = new ImageBlock { Source = new Source { Data = new InlineData() } } },
                    new ContentBlock { Document = new DocumentBlock { Source = new Source { RawJson = Json("1") } } },
                    new ContentBlock { ToolUse = new ToolUseBlock { InputJson = Json("{\"a\":") } },
                    new ContentBlock { ToolResult = new ToolResultBlock { Content = { new ContentBlock() } } },
                    new ContentBlock { RawJson = ByteString.CopyFrom(
                        0x22, 0xFF, 0x22), CacheControl = new CacheControl(), ExtraJson = Json("{}") },
                    new ContentBlock { Text = new TextBlock(), ExtraJson = Json("""{"text":"twice"}""") },
                },
            },
        },
        ExtraJson = Json("""{"messages":[],"model":"m"}"""),
    };

    [Fact]
    public void An_empty_request_says_that_messages_are_missing()
    {
        MessagesJson.Render(new MessagesRequest(), out var errors);
        Assert.Equal(new FieldError("messages", "must have at least one message"), Assert.Single(errors));
    }

    [Fact]
    public void Mutated_JSON_never_fails_with_anything_but_field_errors()
    {
        var random = new Random(3);
        for (var round = 0; round < 5000; round++)
        {
            var bytes = Encoding.UTF8.GetBytes("""{"a":[1,{"b":"\u00e9"}]}""");
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var json = ByteString.CopyFrom(bytes, 0, random.Next(bytes.Length + 1));
            var request = new MessagesRequest
            {
                Messages = { new Message { Role = Role.User, Content = { new ContentBlock { RawJson = json }, Text("a") } } },
                ExtraJson = json,
            };
            request.Messages[0].Content[1].ExtraJson = json;
            var body = MessagesJson.Render(request, out var errors);
            if (errors.IsEmpty)
                Assert.NotNull(RequestBody.Parse(body, AnthropicVersion.Default, out _));
        }
    }

    private static ContentBlock Text(string text, CacheControl? control = null) =>
        new() { Text = new TextBlock { Text = text }, CacheControl = control };

    private static ByteString Json(string json) => ByteString.CopyFromUtf8(json);
}
