using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ClawGrpc.Protos.Tests;

public sealed class RedactionTests
{
    private const string Secret = "sk-ant-api03-FAKE-never-printed";

    public static TheoryData<string, string> RedactedFields()
    {
        var fields = new TheoryData<string, string>();
        foreach (var message in Messages())
        {
            foreach (var field in message.Descriptor.Fields.InDeclarationOrder().Where(IsRedacted))
                fields.Add(message.GetType().FullName!, field.Name);
        }

        return fields;
    }

    [Theory]
    [MemberData(nameof(RedactedFields))]
    public void A_field_marked_as_secret_is_never_printed(string type, string field)
    {
        var message = Messages().Single(candidate => candidate.GetType().FullName == type);
        var descriptor = message.Descriptor.FindFieldByName(field);
        Assert.Equal(FieldType.String, descriptor.FieldType);
        descriptor.Accessor.SetValue(message, Secret);

        Assert.DoesNotContain(Secret, message.ToString()!, StringComparison.Ordinal);
        Assert.Contains("[redacted]", message.ToString()!, StringComparison.Ordinal);
    }

    [Fact]
    public void Printing_leaves_the_message_and_its_other_fields_as_they_are()
    {
        var request = new OnboardRequest { ApiKey = new ApiKeyCredential { Key = Secret, Email = "me@example.com" } };

        var printed = request.ToString();

        Assert.DoesNotContain(Secret, printed, StringComparison.Ordinal);
        Assert.Contains("me@example.com", printed, StringComparison.Ordinal);
        Assert.Equal(Secret, request.ApiKey.Key);
        Assert.Equal(Secret, OnboardRequest.Parser.ParseFrom(request.ToByteArray()).ApiKey.Key);
    }

    [Fact]
    public void A_secret_that_was_not_given_is_told_from_one_that_is_hidden() =>
        Assert.DoesNotContain("redacted", new ApiKeyCredential().ToString(), StringComparison.Ordinal);

    [Fact]
    public void A_message_with_an_impossible_value_prints_all_the_same()
    {
        var request = new PasteTokenRequest { Token = Secret, ExpiresIn = new() { Seconds = long.MaxValue } };

        Assert.Equal("{ \"unprintable\": true }", request.ToString());
    }

    // By name: the option debug_redact would say it too, but protoc of the Debian clients (3.21) refuses a file that has it.
    private static bool IsRedacted(FieldDescriptor field) =>
        field.File.Package == "clawgrpc.v1" && field.FieldType == FieldType.String && field.Name is "key" or "token";

    private static IEnumerable<IMessage> Messages() => typeof(OnboardRequest).Assembly.GetTypes()
        .Where(type => type.IsAssignableTo(typeof(IMessage)) && !type.IsAbstract)
        .Select(type => (IMessage)Activator.CreateInstance(type)!);
}
