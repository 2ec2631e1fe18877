using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ClawGrpc.Server.Tests.Security;

public sealed class RedactionTests
{
    private const string Secret = "sk-ant-api03-FAKE-never-printed";

    public static TheoryData<string, string> SecretFields()
    {
        var fields = new TheoryData<string, string>();
        foreach (var message in Messages())
        {
            foreach (var field in message.Descriptor.Fields.InDeclarationOrder().Where(IsSecret))
                fields.Add(message.GetType().FullName!, field.Name);
        }

        return fields;
    }

    [Theory]
    [MemberData(nameof(SecretFields))]
    public void A_field_named_as_a_secret_is_never_printed(string type, string field)
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
    public void Missing_secret_differs_from_a_hidden_one() =>
        Assert.DoesNotContain("redacted", new ApiKeyCredential().ToString(), StringComparison.Ordinal);

    [Fact]
    public void A_message_with_an_impossible_value_prints_all_the_same()
    {
        var request = new PasteTokenRequest { Token = Secret, ExpiresIn = new() { Seconds = long.MaxValue } };

        Assert.Equal("{ \"unprintable\": true }", request.ToString());
    }

    /// <summary>
    /// By name, since the mark for it (debug_redact) is unknown to the older protoc that some clients are made with.
    /// </summary>
    private static bool IsSecret(FieldDescriptor field) =>
        field.FieldType is FieldType.String or FieldType.Bytes
        && field.Name.Split('_')[^1] is "key" or "token" or "secret" or "password"
        && !field.Name.EndsWith("page_token", StringComparison.Ordinal);

    private static IEnumerable<IMessage> Messages() => typeof(OnboardRequest).Assembly.GetTypes()
        .Where(type => type.Namespace == typeof(OnboardRequest).Namespace && type.IsAssignableTo(typeof(IMessage)))
        .Select(type => (IMessage)Activator.CreateInstance(type)!);
}
