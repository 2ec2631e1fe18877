using System.CommandLine;
using System.Text;
using System.Text.Json;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw audit verify|head|tail</c>.</summary>
internal static class AuditCommands
{
    public static Command Create(Globals globals) => Globals.Group(
        "audit", "The record of who changed and used what", Verify(globals), Head(globals), Tail(globals));

    private static Command Verify(Globals globals)
    {
        var json = new Option<bool>("--json") { Description = "Output JSON" };
        var anchor = new Option<string?>("--anchor")
        {
            Description = "A line that claw audit head printed and that was kept elsewhere: it must still be there",
            HelpName = "SEQ:HASH",
        };
        const string description = "Check that no line was changed, left out or added; exits 1 and names the first that was";
        return globals.Command("verify", description, [anchor, json], async (invocation, cancellation) =>
        {
            var request = RequestOf(invocation.Get(anchor));
            var found = await invocation.Access.VerifyAuditAsync(request, cancellationToken: cancellation);
            if (invocation.Get(json))
                WriteJson(invocation, found);
            else
                WriteText(invocation, found);
            invocation.Out.Flush();
            return found.Valid ? 0 : 1;
        });
    }

    private static Command Head(Globals globals)
    {
        var json = new Option<bool>("--json") { Description = "Output JSON" };
        const string description = "Print the number and hash of the last line, to be kept elsewhere";
        return globals.Command("head", description, [json], async (invocation, cancellation) =>
        {
            var head = await invocation.Access.GetAuditHeadAsync(new GetAuditHeadRequest(), cancellationToken: cancellation);
            if (invocation.Get(json))
            {
                Json.WriteDocument(invocation.Out, writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteNumber("sequence", head.Sequence);
                    writer.WriteString("hash", head.Hash);
                    writer.WriteString("path", invocation.Environment.ShortPath(head.Path));
                    writer.WriteOptional("problem", head.Problem);
                    writer.WriteEndObject();
                });
                return 0;
            }

            invocation.Out.Write($"{head.Sequence}:{head.Hash}\n");
            invocation.Out.Flush();
            if (head.Problem.Length > 0)
                invocation.Error.Write($"The audit cannot be written: {head.Problem}\n");
            return 0;
        });
    }

    private static Command Tail(Globals globals)
    {
        var count = new Option<int>("--lines", "-n") { Description = "How many lines", DefaultValueFactory = _ => 20 };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with the lines that come, until Ctrl-C" };
        var json = new Option<bool>("--json") { Description = "Print the lines as they are in the file" };
        return globals.Command("tail", "Print the last lines", [count, follow, json], async (invocation, cancellation) =>
        {
            if (invocation.Get(count) is < 1 or > 10_000)
                throw CliFailure.Failed("--lines takes a number from 1 to 10000.");
            var request = new TailAuditRequest { LineCount = invocation.Get(count), Follow = invocation.Get(follow) };
            using var lines = invocation.Access.TailAudit(request, cancellationToken: cancellation);
            await foreach (var line in lines.ResponseStream.ReadAllAsync(cancellation))
            {
                var text = Encoding.ASCII.GetString(line.Line.Span);
                invocation.Out.Write((invocation.Get(json) ? text : Readable(text)) + "\n");
                invocation.Out.Flush();
            }

            return 0;
        });
    }

    private static VerifyAuditRequest RequestOf(string? anchor)
    {
        if (anchor is null)
            return new VerifyAuditRequest();
        return anchor.Split(':') is [var sequence, { Length: 64 } hash] && long.TryParse(sequence, out var number) && number > 0
            ? new VerifyAuditRequest { AnchorSequence = number, AnchorHash = hash }
            : throw CliFailure.Failed("--anchor takes what claw audit head printed, such as 120:0f3a... with 64 digits.");
    }

    private static void WriteText(Invocation invocation, VerifyAuditResponse found)
    {
        if (found.BadLine > 0)
        {
            var place = $"{invocation.Environment.ShortPath(found.BadPath)}, line {found.BadLine}";
            invocation.Out.Write($"The audit was changed: {place}: {found.Problem}.\n");
            return;
        }

        invocation.Out.Write(found.Valid
            ? $"Whole: {found.LineCount} lines, from {found.FirstSequence} to {found.LastSequence}.\n"
            : $"The audit was cut or replaced: {found.Problem}.\n");
        invocation.Out.Write($"Head: {found.LastSequence}:{found.Hash}\n");
        if (found.TornLineCount > 0)
            invocation.Out.Write($"Cut by crashes, and closed: {found.TornLineCount}\n");
        if (found.EndsTorn)
            invocation.Out.Write("The last line is cut, as by a crash.\n");
    }

    private static void WriteJson(Invocation invocation, VerifyAuditResponse found) =>
        Json.WriteDocument(invocation.Out, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("valid", found.Valid);
            json.WriteNumber("lines", found.LineCount);
            json.WriteNumber("firstSequence", found.FirstSequence);
            json.WriteNumber("lastSequence", found.LastSequence);
            json.WriteString("hash", found.Hash);
            json.WriteOptional("problem", found.Problem);
            json.WriteOptional("badPath", found.BadPath);
            if (found.BadLine > 0)
                json.WriteNumber("badLine", found.BadLine);
            json.WriteNumber("tornLines", found.TornLineCount);
            json.WriteBoolean("endsTorn", found.EndsTorn);
            json.WriteEndObject();
        });

    // Such as: 2026-02-08T10:30:00.123Z 12 change local AuthService/Onboard main anthropic:work ok
    private static string Readable(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            var actor = root.TryGetProperty("actor", out var found) ? found : default;
            var who = Text(actor, "client") is { Length: > 0 } client ? client
                : Text(actor, "address") is { Length: > 0 } address ? address
                : Text(actor, "uid") is { Length: > 0 } uid ? $"user {uid}" : Text(actor, "proof");
            var details = root.TryGetProperty("details", out var more) ? more : default;
            var count = Text(root, "count") is { Length: > 0 } many ? $"{many} times" : "";
            string[] parts =
            [
                Text(root, "time"), Text(root, "seq"), Text(root, "event"), who, Text(root, "rpc"), Text(root, "agent"),
                Text(root, "profile"), Text(root, "model"), Text(root, "outcome"), Text(root, "reason"), count,
                Text(details, "replica"), Text(details, "why"),
            ];
            return string.Join(' ', parts.Where(part => part.Length > 0));
        }
        catch (JsonException)
        {
            return line;
        }
    }

    private static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var found) ? found.ToString() : "";
}
