using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Tests.Json5;

/// <summary>
/// The meaning of a value as one canonical line: keys sorted, strings escaped, numbers as bits. The script
/// tests/openclaw/json5/verdict.mjs writes the same for values of the reference implementation.
/// </summary>
internal static class ValueForm
{
    public static string Of(Json5Value value) => value switch
    {
        Json5Null => "null",
        Json5Boolean boolean => boolean.Value ? "true" : "false",
        Json5String text => Quoted(text.Value),
        Json5Number number => Number(number.Value),
        Json5Array array => $"[{string.Join(',', array.Items.Select(Of))}]",
        Json5Object members => Members(members.EffectiveMembers().Select(member => (member.Key, Of(member.Value)))),
        _ => throw new InvalidOperationException(value.Kind),
    };

    public static string Of(JsonNode? value) => value switch
    {
        null => "null",
        JsonArray array => $"[{string.Join(',', array.Select(Of))}]",
        JsonObject members => Members(members.Select(member => (member.Key, Of(member.Value)))),
        _ when value.AsValue().TryGetValue<bool>(out var flag) => flag ? "true" : "false",
        _ when value.AsValue().TryGetValue<double>(out var number) => Number(number),
        _ => Quoted(value.GetValue<string>()),
    };

    private static string Members(IEnumerable<(string Key, string Form)> members) =>
        $"{{{string.Join(',', members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(Member))}}}";

    private static string Member((string Key, string Form) member) => $"{Quoted(member.Key)}:{member.Form}";

    private static string Number(double number) =>
        double.IsNaN(number)
            ? "NaN"
            : string.Create(CultureInfo.InvariantCulture, $"#{BitConverter.DoubleToUInt64Bits(number):x16}");

    private static string Quoted(string text)
    {
        var form = new StringBuilder("\"");
        foreach (var unit in text)
        {
            _ = unit is >= ' ' and < '\u007F' and not '"' and not '\\'
                ? form.Append(unit)
                : form.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
        }

        return form.Append('"').ToString();
    }
}
