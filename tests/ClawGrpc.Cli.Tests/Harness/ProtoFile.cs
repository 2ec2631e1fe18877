using System.Text.RegularExpressions;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>A service, message or enum of a .proto file.</summary>
/// <param name="Kind">Its keyword.</param>
/// <param name="Name">Its name.</param>
/// <param name="Comment">Its paragraphs.</param>
/// <param name="Members">Its RPCs, fields or values.</param>
public sealed record ProtoDeclaration(string Kind, string Name, IReadOnlyList<string> Comment, List<ProtoMember> Members);

/// <summary>An RPC, a field or a value.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of a field, or request and response of an RPC; the number of a value.</param>
/// <param name="Comment">Its paragraphs.</param>
/// <param name="OneOf">The oneof that a field is in; empty if it is in none.</param>
public sealed record ProtoMember(string Name, string Type, IReadOnlyList<string> Comment, string OneOf);

/// <summary>Reads a .proto file in the form that <c>buf format</c> gives it. Generated descriptors have no comments.</summary>
public static partial class ProtoFile
{
    /// <summary>The declarations of a file, in its order.</summary>
    public static List<ProtoDeclaration> Read(string text)
    {
        var all = new List<ProtoDeclaration>();
        var comment = new List<string>();
        var oneOf = "";
        foreach (var line in text.Split('\n').Select(line => line.Trim()))
        {
            if (line.StartsWith("//", StringComparison.Ordinal))
            {
                comment.Add(line[2..].Trim());
                continue;
            }

            if (Declaration().Match(line) is { Success: true } declared)
                all.Add(new(declared.Groups[1].Value, declared.Groups[2].Value, Paragraphs(comment), []));
            else if (OneOf().Match(line) is { Success: true } begun)
                oneOf = begun.Groups[1].Value;
            else if (Rpc().Match(line) is { Success: true } rpc)
                all[^1].Members.Add(new(rpc.Groups[1].Value, $"{rpc.Groups[2]} → {rpc.Groups[3]}", Paragraphs(comment), ""));
            else if (Field().Match(line) is { Success: true } field)
                all[^1].Members.Add(new(field.Groups[2].Value, field.Groups[1].Value, Paragraphs(comment), oneOf));
            else if (Value().Match(line) is { Success: true } value)
                all[^1].Members.Add(new(value.Groups[1].Value, value.Groups[2].Value, Paragraphs(comment), ""));
            else if (line == "}")
                oneOf = "";
            comment.Clear();
        }

        return all;
    }

    private static List<string> Paragraphs(List<string> lines) => string.Join('\n', lines).Split("\n\n")
        .Select(paragraph => paragraph.Replace('\n', ' ')).Where(paragraph => paragraph.Length > 0).ToList();

    [GeneratedRegex(@"^(service|message|enum) (\w+) \{")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^oneof (\w+) \{")]
    private static partial Regex OneOf();

    [GeneratedRegex(@"^rpc (\w+)\(((?:stream )?\w+)\) returns \(((?:stream )?\w+)\)")]
    private static partial Regex Rpc();

    [GeneratedRegex(@"^((?:repeated |optional )?[\w.]+(?:<[\w., ]+>)?) (\w+) = \d+(?: \[.*\])?;")]
    private static partial Regex Field();

    [GeneratedRegex(@"^([A-Z][A-Z0-9_]+) = (\d+)(?: \[.*\])?;")]
    private static partial Regex Value();
}
