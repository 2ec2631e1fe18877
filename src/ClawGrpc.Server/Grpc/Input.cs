using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Server.Grpc;

/// <summary>Collects what is wrong with a request, so that all of it is told at once.</summary>
internal sealed partial class Input
{
    private const int LongestProfileId = 200;
    private const int LongestEmail = 320;
    private static readonly TimeSpan LongestExpiry = TimeSpan.FromDays(365_000);
    private readonly FieldErrors _errors = new();

    public void Wrong(string field, string description) => _errors.Add(field, description);

    /// <summary>Refuses when anything is wrong.</summary>
    public void Check() => Refusal.IfAny(_errors);

    public Core.Secret Secret(string field, CheckedSecret given)
    {
        if (!given.IsAccepted)
            Wrong(field, given.Error);
        return given.Secret ?? new Core.Secret("");
    }

    public string Provider(string field, string given)
    {
        var provider = Core.Provider.Normalize(given);
        if (provider.Length == 0)
            Wrong(field, "Required: the provider, such as anthropic");
        else if (!ProviderName().IsMatch(provider))
            Wrong(field, "Expected letters, digits, dots and dashes, at most 64");
        return provider;
    }

    public string ProfileId(string field, string given, string? otherwise)
    {
        var id = given.Trim().Length > 0 ? given.Trim() : otherwise;
        if (id is null)
            Wrong(field, "Required: the id of the profile, such as anthropic:default");
        else if (id.Length > LongestProfileId || !IsPrintable(id))
            Wrong(field, $"Expected at most {LongestProfileId} printable characters on one line, such as anthropic:work");
        return id ?? "";
    }

    /// <summary>The id of a profile to store. It is shown and logged, so it must not be a secret that was pasted there.</summary>
    public string NewProfileId(string field, string given, string otherwise)
    {
        var id = ProfileId(field, given, otherwise);
        if (SecretText.LooksSecret(id))
            Wrong(field, "This looks like a secret; expected a name, such as anthropic:work");
        return id;
    }

    /// <summary>The address of whoever owns a credential; null: none.</summary>
    public string? Email(string field, string given)
    {
        var email = given.Trim();
        if (email.Length > LongestEmail || email.Any(char.IsControl))
            Wrong(field, $"Expected one line of at most {LongestEmail} characters");
        return email.Length > 0 ? email : null;
    }

    /// <summary>When a credential expires; null: never. After a span of zero it has expired, as with OpenClaw.</summary>
    public DateTimeOffset? Expires(string field, Duration? span, DateTimeOffset now)
    {
        if (span is null)
            return null;
        if (span.Seconds >= 0 && span.Nanos is >= 0 and < 1_000_000_000 && span.Seconds <= LongestExpiry.TotalSeconds)
            return now + span.ToTimeSpan();
        Wrong(field, "Expected a span from now, at most a thousand years");
        return null;
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9.\-]{0,63}\z")]
    private static partial Regex ProviderName();

    // The programs take any id. What would garble a line of output, or is no text, is refused.
    private static bool IsPrintable(string id)
    {
        foreach (var rune in id.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                return false;
            }
        }

        return true;
    }
}
