using System.Text;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf.Reflection;

namespace ClawGrpc.Cli.Tests;

/// <summary>docs/api.md, which is made from the protos. UPDATE_GOLDEN=1 writes it.</summary>
public class ApiPageTests
{
    private static readonly (FileDescriptor Descriptor, List<ProtoDeclaration> Declarations)[] Files =
    [
        .. new[]
        {
            ModelServiceReflection.Descriptor, AuthServiceReflection.Descriptor, AccessServiceReflection.Descriptor,
            CompletionReflection.Descriptor, ReceiptReflection.Descriptor, StatusReflection.Descriptor,
            ErrorReasonReflection.Descriptor,
        }.Select(file => (file, ProtoFile.Read(Golden.Text($"../../../protos/{file.Name}")))),
    ];

    [Fact]
    public void Page_matches_the_protos()
    {
        var page = new StringBuilder(
            "# The API\n\nMade from [the contract](../protos/clawgrpc/v1), package `clawgrpc.v1`. What a failure means is in "
            + "[failures.md](failures.md), how a completion goes in [completions.md](completions.md).\n");
        foreach (var declaration in Files.SelectMany(file => file.Declarations).OrderBy(each => each.Kind == "service" ? 0 : 1))
            Write(page, declaration);
        Golden.Matches("../../../docs/api.md", page.ToString());
    }

    // What the reader of .proto files overlooked would be missing from the page.
    [Fact]
    public void Every_RPC_field_and_value_is_read() => Assert.All(Files, file =>
    {
        var descriptor = file.Descriptor;
        var expected = descriptor.Services.SelectMany(each => each.Methods.Select(rpc => $"{each.Name}.{rpc.Name}"))
            .Concat(descriptor.MessageTypes.SelectMany(
                each => each.Fields.InDeclarationOrder().Select(field => $"{each.Name}.{field.Name}")))
            .Concat(descriptor.EnumTypes.SelectMany(each => each.Values.Select(value => $"{each.Name}.{value.Name}")));
        var read = file.Declarations.SelectMany(each => each.Members.Select(member => $"{each.Name}.{member.Name}"));
        Assert.Equal(expected.Order(StringComparer.Ordinal), read.Order(StringComparer.Ordinal));
        Assert.All(
            file.Declarations.SelectMany(each => each.Members),
            member => Assert.True(member.Comment.Count > 0, $"{member.Name} has no comment."));
    });

    private static void Write(StringBuilder page, ProtoDeclaration declaration)
    {
        page.Append($"\n## {declaration.Name}\n\n");
        Write(page, declaration.Comment);
        if (declaration.Kind == "service")
        {
            foreach (var rpc in declaration.Members)
            {
                page.Append($"\n### {declaration.Name}.{rpc.Name}\n\n`{rpc.Type}`\n\n");
                Write(page, rpc.Comment);
            }

            return;
        }

        if (declaration.Members.Count == 0)
            return;
        page.Append(declaration.Kind == "enum" ? "\n| Value | Number | |\n" : "\n| Field | Type | |\n").Append("|---|---|---|\n");
        foreach (var member in declaration.Members)
        {
            var oneOf = member.OneOf.Length > 0 ? $"One of `{member.OneOf}`. " : "";
            var text = (oneOf + string.Join(' ', member.Comment)).Replace("|", "\\|");
            page.Append($"| `{member.Name}` | `{member.Type}` | {text} |\n");
        }
    }

    private static void Write(StringBuilder page, IReadOnlyList<string> paragraphs) =>
        page.Append(string.Join("\n\n", paragraphs)).Append('\n');
}
