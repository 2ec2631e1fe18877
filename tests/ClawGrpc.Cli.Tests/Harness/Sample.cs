using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>Messages of the contract with every field set: texts to their names, numbers to the number of the
/// field, enums to their first value after UNSPECIFIED.</summary>
internal static class Sample
{
    private const int Depth = 6;

    /// <summary>A message of a type.</summary>
    public static IMessage Of(System.Type type) => Of(type, Depth);

    private static IMessage Of(System.Type type, int depth)
    {
        var message = (IMessage)Activator.CreateInstance(type)!;
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            // A further page would never end, and of alternatives the first one is set.
            if (field.Name == "next_page_token" || field.ContainingOneof is { IsSynthetic: false } one && one.Fields[0] != field)
                continue;
            Set(message, field, depth);
        }

        return message;
    }

    private static void Set(IMessage message, FieldDescriptor field, int depth)
    {
        if (field.IsMap)
            ((IDictionary)field.Accessor.GetValue(message)).Add("key", "value");
        else if (field.FieldType == FieldType.Message && depth == 0)
            return;
        else if (field.IsRepeated)
            ((IList)field.Accessor.GetValue(message)).Add(ValueOf(field, depth));
        else
            field.Accessor.SetValue(message, ValueOf(field, depth));
    }

    private static object ValueOf(FieldDescriptor field, int depth) => field.FieldType switch
    {
        FieldType.String => field.Name,
        FieldType.Bool => true,
        FieldType.Bytes => ByteString.CopyFromUtf8("{}"),
        FieldType.Double => 0.5,
        FieldType.Enum => System.Enum.ToObject(field.EnumType.ClrType, field.EnumType.Values[1].Number),
        FieldType.Int32 => field.FieldNumber,
        FieldType.Int64 => (long)field.FieldNumber,
        FieldType.UInt32 => (uint)field.FieldNumber,
        FieldType.Message when field.MessageType.ClrType == typeof(Timestamp) =>
            Timestamp.FromDateTime(new DateTime(2026, 2, 8, 12, 0, field.FieldNumber % 60, DateTimeKind.Utc)),
        FieldType.Message when field.MessageType.ClrType == typeof(Duration) =>
            Duration.FromTimeSpan(TimeSpan.FromSeconds(field.FieldNumber)),
        FieldType.Message => Of(field.MessageType.ClrType, depth - 1),
        var other => throw new NotSupportedException($"{field.FullName} is a {other}."),
    };
}
