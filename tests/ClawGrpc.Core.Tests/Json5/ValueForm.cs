using System.Globalization;
using System.Text;
using ClawGrpc.Core.Json5;

namespace ClawGrpc.Core.Tests.Json5;

/// <summary>
/// What a value means, as one line that says no more: keys sorted, strings escaped, numbers by their bits. The script
/// tests/json5-differential/verdict.mjs writes the same of the reference implementation's values.
/// </summary>
internal static class ValueForm
{
    public static string Of(Json5Value value) => value switch
    {
        Json5Null => "null",
        Json5Boolean boolean => boolean.Value ? "true" : "false",
        Json5String text => Quoted(text.Value),
        Json5Number number => double.IsNaN(number.Value)
            ? "NaN"
            : string.Create(CultureInfo.InvariantCulture, $"#{BitConverter.DoubleToUInt64Bits(number.Value):x16}"),
        Json5Array array => $"[{string.Join(',', array.Items.Select(Of))}]",
        Json5Object members => $"{{{string.Join(',', members.EffectiveMembers()
            .OrderBy(member => member.Key, StringComparer.Ordinal)
            .Select(member => $"{Quoted(member.Key)}:{Of(member.Value)}"))}}}",
        _ => throw new InvalidOperationException(value.Kind),
    };

    private static string Quoted(string text)
    {
        var form = new StringBuilder("\"");
        foreach (var unit in text)
        {
            _ = unit is >= ' ' and < '\u007F' and not '"' and not '\\' ? form.Append(unit) : form.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
        }

        return form.Append('"').ToString();
    }
}
