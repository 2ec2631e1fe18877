using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace ClawGrpc.Core.Routing;

/// <summary>A text of upstream's that says more than its status does.</summary>
/// <param name="Kind">What it means.</param>
/// <param name="Statuses">The statuses that it arrives with.</param>
/// <param name="Pattern">A regular expression, matched without case.</param>
internal sealed record FailureText(FailureKind Kind, ImmutableArray<int> Statuses, string Pattern)
{
    private readonly Regex _regex = new(Pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    public bool Matches(int status, string message) => Statuses.Contains(status) && _regex.IsMatch(message);
}

/// <summary>
/// The one table of texts. Texts are the last resort: types and error codes come first, and upstream may reword at any time. Each
/// row arrives with a status that says something else (anthropic-api.md, section 4, "Known bodies"). The first match counts.
/// </summary>
internal static class FailureTexts
{
    // The meaning is at the beginning; what follows may repeat the caller's words.
    private const int LongestMessage = 1000;

    // Who is judged. A sentence whose subject is something else, such as a tool, speaks of the request.
    private const string Account =
        @"\b(?:account|organi[sz]ation|workspace|subscription|membership|user|plan|trial|licen[sc]e)\b";
    private const string NotYet = @"(?:has not|hasn't|is not|isn't)(?: yet)?(?: been)?";

    // "Claude" alone is the service; "Claude Opus 4.6" is a model.
    private const string Service =
        @"(?:claude(?! ?(?:opus|sonnet|haiku|fable|mythos|instant|\d))(?!-)|(?:the |this )?(?:anthropic )?api\b|anthropic\b)";

    /// <summary>Every row, in the order in which they are tried.</summary>
    public static readonly ImmutableArray<FailureText> Rows =
    [
        .. Of(FailureKind.RequestTooCostly, [400, 403, 429],
            "required for long context",
            "long context.* requires? (?:extra usage|usage credits|credits)",
            "long context.* not .*available"),
        .. Of(FailureKind.Billing, [400, 403, 429],
            "credit balance",
            "plans & billing",
            "payment required",
            "insufficient (?:credits?|funds|balance)",
            "spend(?:ing)? (?:limit|cap)",
            "(?:specified|workspace) api usage limits",
            "usage credits are required",
            "draw from your extra usage",
            "out of (?:extra usage|usage|credits?)"),
        .. Of(FailureKind.Billing, [400, 403],
            "usage limit",
            @"no (?:\w+ )?credits?\b",
            "exceeded your (?:current |monthly )?(?:quota|budget|plan)",
            "(?:quota|budget|credits?|allowance|usage) (?:(?:has|have) been |is |are |was )?"
                + "(?:exceeded|exhausted|used up|depleted)",
            "(?:purchase|buy|add|top up) (?:more |additional |your )?(?:credits?|balance|funds|usage)",
            "(?:billing|payment) (?:issue|problem|information|details|method|failed|failure|is past due)",
            @"\b(?:unpaid|past due|overdue)\b"),
        .. Of(FailureKind.CredentialRejected, [403],
            "oauth token",
            "oauth authentication",
            "bearer token",
            "scope requirement",
            "(?:key|token|credential) (?:has been|is|was) (?:disabled|revoked|deactivated|deleted|expired|invalid|archived)",
            "key has been"),
        .. Of(FailureKind.CredentialRejected, [400, 403],
            "only authorized for use with claude code"),
        .. Of(FailureKind.AccountRefused, [400, 403],
            $@"{Account}(?: \w+)?(?: has been| have been| is| was)(?: \w+ly)?(?: been)? (?:disabled|suspended|deactivated"
                + "|terminated|banned|blocked|locked|closed|cancell?ed|frozen|paused|archived|deleted|inactive"
                + "|(?:placed |put )?on hold|under review|flagged|restricted(?! (?:to|from)))",
            $@"{Account} (?:disabled|suspended|deactivated|banned|blocked|locked|inactive|on hold)\s*(?:[.,;:!(]|$)",
            $@"{Account}(?: has| have)? (?:expired|lapsed|ended)\b",
            @"\b(?:disabled|suspended|deactivated|terminated|banned|blocked|locked|inactive|expired) "
                + "(?:account|organi[sz]ation|workspace|subscription)",
            $@"{Account} {NotYet} (?:active\b|activated|verified|approved(?! for)|enabled(?! for)"
                + $@"|(?:allowed|authorized|permitted|eligible) to (?:use|access) {Service})",
            $@"(?:{Account}|\byou) (?:do not|does not|don't|doesn't|no longer)(?: currently)? (?:have|has) "
                + $"(?:\\w+ )?(?:access to|permission to (?:use|access)) {Service}",
            $@"\b(?:no|lacks|without) access to {Service}",
            $@"access to {Service}.* (?:has been|was|is) (?:disabled|suspended|revoked|denied|removed|restricted)",
            $@"(?:{Account}|\buser|\byou)\b.* no longer (?:a member|belongs?|part of)",
            "not a member of (?:this|the|any) (?:organi[sz]ation|workspace)",
            @"\b(?:accept|accepts|accepted|accepting|agree|agreed|acknowledge)\b.{0,80}\b(?:terms|agreement|policy|policies)\b",
            @"\bterms\b.{0,80}\b(?:accept|accepted|acceptance|acknowledged|agreed)\b",
            @"\b(?:verify|activate|reactivate) your (?:account|organi[sz]ation|subscription|identity|e-?mail|phone)",
            $@"(?:{Account}|e-?mail|phone number) (?:must|needs to|has to) be (?:verified|activated|reactivated)",
            @"\b(?:no|without an?|have an|has an) active (?:subscription|plan)\b"),
        .. Of(FailureKind.ModelNotFound, [404],
            @"^model: ",
            @"\bmodels?\b.*(?:not found|does not exist|doesn't exist|not exist|not available|not supported|unavailable|retired)",
            @"\b(?:unknown|no such|invalid|unsupported|not found:) model\b"),
    ];

    /// <summary>What the text means; null if it adds nothing to its status.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="message">Upstream's words; null if there are none.</param>
    public static FailureKind? KindOf(int status, string? message)
    {
        if (message is null)
            return null;
        var text = message.Length > LongestMessage ? message[..LongestMessage] : message;
        foreach (var row in Rows)
        {
            if (row.Matches(status, text))
                return row.Kind;
        }

        return null;
    }

    private static IEnumerable<FailureText> Of(FailureKind kind, ImmutableArray<int> statuses, params string[] patterns) =>
        patterns.Select(pattern => new FailureText(kind, statuses, pattern));
}
