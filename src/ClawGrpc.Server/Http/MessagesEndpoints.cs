using System.Buffers;
using System.Text.Json;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.Gateway.Configuration;
using Microsoft.AspNetCore.Http.Features;

namespace ClawGrpc.Server.Http;

/// <summary>
/// Messages and token counts: Anthropic's bytes in, Anthropic's bytes out, by the path that gRPC's completions take.
/// </summary>
internal sealed class MessagesEndpoints(
    CallReader calls, Completion completions, Budgets budgets, LiveConfiguration configuration, TimeProvider time)
{
    /// <summary><c>POST /v1/messages</c></summary>
    public async Task CreateAsync(HttpContext context)
    {
        var (call, streams) = await ReadAsync(context);
        var client = context.Features.GetRequiredFeature<LiveCall>().Caller.Client;
        AnswerHead.WriteBudget(context.Response, client, budgets.SpentBy(client), time.GetUtcNow());
        using var purse = call.Purse = await budgets.OpenAsync(client, call.Estimate, context.RequestAborted);
        var asking = completions.AskAsync(call, context.RequestAborted);
        if (streams)
        {
            await new EventRelay(context, time).RunAsync(asking, receipt => SettleAsync(context, receipt, purse));
            return;
        }

        await using var completion = (await asking).OrThrow();
        await completion.ReadAllAsync();
        if (completion.Refusal is { } broken)
            throw broken.ToException();
        await SettleAsync(context, completion.Finish(), purse);
        AnswerHead.Write(context.Response, completion);
        await WriteAsync(context, completion.Fold.Finish()!.Json);
    }

    /// <summary><c>POST /v1/messages/count_tokens</c></summary>
    public async Task CountAsync(HttpContext context)
    {
        var (call, _) = await ReadAsync(context);
        var counted = (await completions.AskAsync(call.Count, context.RequestAborted)).OrThrow();
        await WriteAsync(context, JsonOf(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("input_tokens", counted.InputTokens);
            json.WriteEndObject();
        }));
    }

    /// <summary>An answer that ClawGrpc writes itself.</summary>
    public static ReadOnlyMemory<byte> JsonOf(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
            write(json);
        return buffer.WrittenMemory;
    }

    /// <summary>Writes a whole answer in JSON.</summary>
    public static Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> json)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        return context.Response.Body.WriteAsync(json, context.RequestAborted).AsTask();
    }

    private static Task SettleAsync(HttpContext context, Receipt receipt, Purse? purse)
    {
        context.Features.GetRequiredFeature<LiveCall>().Receipt = receipt;
        return purse?.SettleAsync() ?? Task.CompletedTask;
    }

    private async Task<(CompletionCall Call, bool Streams)> ReadAsync(HttpContext context)
    {
        var live = context.Features.GetRequiredFeature<LiveCall>();
        var service = configuration.Current.Configuration.Service;
        var request = await MessagesRequest.ReadAsync(context, live.Caller, service.HttpSubscriptions);
        var call = await calls.ReadAsync(request, new FieldErrors());
        live.Use(call.Agent.Id);
        return (call, call.Streams);
    }
}
