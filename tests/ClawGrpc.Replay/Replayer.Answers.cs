using System.Text.Json;
using ClawGrpc.Client;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Replay;

public sealed partial class Replayer
{
    private async Task<string> ReplayStreamAsync(Recording recording)
    {
        var events = recording.Events();
        var pieces = Answer(recording, 1);
        var fails = recording.Expected is { } expected && Member(expected, "final_message").ValueKind != JsonValueKind.Object;
        var whole = fails ? $"refused, as the SDK refuses it: "
            + $"{Broken(await FailsAsync(() => CompleteAsync(Input(Prompt), raw: true))).Message}"
            : recording.Expected is { } known ? await FoldsToAsync(Member(known, "final_message"))
            : "what the SDK makes of it is not recorded";

        pieces += $" and {Answer(recording, AnyPiece())}";
        var (parts, error) = await StreamAsync(Input(Prompt), raw: true);
        var raw = parts.Where(part => part.EventCase == StreamCompleteResponse.EventOneofCase.Raw)
            .Select(part => Text(part.Raw.Json)).ToList();
        Expect(recording.Expected is null || error is not null == fails, $"streamed it ended in another way than whole: {error}");
        if (error is not null)
            Broken(error);

        // All up to message_stop, which ends the answer; or all up to what broke it.
        var types = events.Select(TypeOf).ToList();
        var due = error is null ? types.IndexOf("message_stop") + 1
            : error.Reason != ErrorReason.Interrupted ? 0
            : recording.Expected is null ? raw.Count
            : BreakOf(types);
        Expect((due > 0 || error is not null) && raw.SequenceEqual(
            events.Take(due)), $"of {events.Count} events {raw.Count} came, or others: {Different(events, raw)}");
        await TypedStreamAsync(recording, error);
        return $"{raw.Count} of {events.Count} events byte for byte in pieces of up to {pieces} bytes, {whole}";
    }

    private async Task<string> FoldsToAsync(JsonElement message)
    {
        var completion = (await CompleteAsync(Input(Prompt), raw: true)).Completion;
        Expect(SameJson.Difference(message, completion.RawJson.Memory), "the message");
        var typed = (await CompleteAsync(Input(Prompt), raw: false)).Completion;
        Expect(TypedMessage.Difference(message, typed), "the typed message");
        return "folded as the SDK folds it";
    }

    private async Task<string> ReplayMessageAsync(Recording recording)
    {
        var pieces = Answer(recording, AnyPiece());
        await FoldsToAsync(Recording.Json(recording.Body));
        return $"the message as it was recorded, in pieces of up to {pieces} bytes";
    }

    // The count, and the request for it with all that was recorded in it.
    private async Task<string> ReplayCountAsync(Recording recording)
    {
        Answer(recording, AnyPiece(), "/v1/messages/count_tokens");
        var given = recording.Request is { } request ? System.Text.Encoding.UTF8.GetBytes(request.GetRawText()) : Prompt;
        var input = Input(given);
        input.CacheRetention = CacheRetention.None;
        var counted = await _models.CountTokensAsync(new CountTokensRequest { Input = input }, deadline: Deadline);
        var recorded = Member(Recording.Json(recording.Body), "input_tokens").GetInt64();
        Expect(counted.InputTokens == recorded, $"{counted.InputTokens} tokens and not {recorded}");
        if (recording.Request is { } wanted)
            Expect(SameJson.Difference(wanted, sandbox.Requests[0].Body), "the request to count");
        return $"{recorded} tokens";
    }

    // What no Messages request is answered with must not pass for an answer.
    private async Task<string> ReplayOtherAsync(Recording recording)
    {
        Answer(recording, AnyPiece());
        var error = await FailsAsync(() => CompleteAsync(Input(Prompt), raw: true));
        Expect(error.Reason == ErrorReason.ServerError, $"{error.ReasonName} instead of SERVER_ERROR");
        return $"no answer to a completion, and told so: {error.Message}";
    }

    // The typed events add up to the same.
    private async Task TypedStreamAsync(Recording recording, ClawGrpcError? raw)
    {
        Answer(recording, AnyPiece());
        var (parts, error) = await StreamAsync(Input(Prompt), raw: false);
        Expect(error?.Reason == raw?.Reason, $"typed events end in another way than raw ones: {error}");
        if (error is null && recording.Expected is { } expected
            && Member(expected, "final_message") is { ValueKind: JsonValueKind.Object } message)
        {
            Expect(TypedMessage.Difference(message, parts), "the typed events");
        }
    }

    private static ClawGrpcError Broken(ClawGrpcError error)
    {
        var code = error.Reason switch
        {
            ErrorReason.Interrupted => StatusCode.Aborted,
            ErrorReason.ServerError => StatusCode.Unavailable,
            _ => StatusCode.OK
        };
        Expect(error.Code == code, $"a stream that breaks is {error.Code} {error.ReasonName}: {error.Message}");
        return error;
    }

    // Where a stream that the SDK refuses breaks: at its error, at a second beginning, or at its end.
    private static int BreakOf(List<string> types)
    {
        var at = types.FindIndex(1, type => type is "error" or "message_start");
        return at < 0 ? types.Count : at;
    }

    private static string TypeOf(string json) =>
        Recording.Json(System.Text.Encoding.UTF8.GetBytes(json)) is { ValueKind: JsonValueKind.Object } read
            && read.TryGetProperty("type", out var type) ? $"{type}" : "";

    private static string Different(IReadOnlyList<string> recorded, IReadOnlyList<string> given)
    {
        var at = recorded.Zip(given).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"at {at}, {Cut(recorded.ElementAtOrDefault(at) ?? "nothing")} and "
            + $"{Cut(given.ElementAtOrDefault(at) ?? "nothing")}";
    }
}
