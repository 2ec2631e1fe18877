using System.Globalization;
using System.Text;

namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// When a configured temperature is sent (anthropic-api.md, sections 0 and 1.2): not if upstream would refuse it.
/// </summary>
internal static class Sampling
{
    /// <summary>
    /// Whether a model takes a temperature of one's choice. Claude's did so up to generation 4.6; what is not Claude's is the
    /// business of whoever configured a temperature for it.
    /// </summary>
    /// <param name="model">The model's id as upstream knows it.</param>
    public static bool IsFree(string model)
    {
        return model.Split('-', '@') switch
        {
            ["claude", ['1' or '2' or '3', ..] or "instant", ..] => true,
            ["claude", _, "4"] or ["claude", _, "4", { Length: 8 }, ..] => true,
            ["claude", _, "4", [>= '0' and <= '6'], ..] => true,
            ["claude", ..] => false,
            _ => true,
        };
    }

    /// <summary>The value as JSON.</summary>
    internal static byte[] Json(double temperature) =>
        Encoding.UTF8.GetBytes(temperature.ToString("R", CultureInfo.InvariantCulture));
}
