using System.Text;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Core.Tests.Routing;

public class FailureTextTests
{
    private static readonly DateTimeOffset Now = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);

    /// <summary>One text for each row of the table at least, and wordings that the rows were not written from.</summary>
    public static TheoryData<int, string, string> Texts => new()
    {
        { 429, "Extra usage is required for long context requests.", "RequestTooCostly" },
        { 429, "Usage credits are required for long context requests.", "RequestTooCostly" },
        { 400, "The long context beta is not yet available for this subscription.", "RequestTooCostly" },
        { 429, "Long context requests require extra usage.", "RequestTooCostly" },
        { 400, "Your credit balance is too low to access the Anthropic API.", "Billing" },
        { 403, "Please go to Plans & Billing to upgrade.", "Billing" },
        { 400, "Payment required.", "Billing" },
        { 403, "insufficient credits", "Billing" },
        { 400, "Insufficient balance to run this request.", "Billing" },
        { 429, "This request would exceed your account's monthly spend limit.", "Billing" },
        { 400, "Your spending cap for October is reached.", "Billing" },
        { 400, "You have reached your specified API usage limits.", "Billing" },
        { 400, "You have reached your workspace API usage limits.", "Billing" },
        { 403, "Usage credits are required to go on.", "Billing" },
        { 400, "Third-party apps now draw from your extra usage, not your plan limits.", "Billing" },
        { 400, "You're out of extra usage.", "Billing" },
        { 403, "You are out of credits.", "Billing" },
        { 400, "Claude AI usage limit reached", "Billing" },
        { 403, "There are no prepaid credits left.", "Billing" },
        { 403, "You exceeded your current quota, please check your plan.", "Billing" },
        { 400, "Your monthly quota has been exceeded.", "Billing" },
        { 403, "Your included usage is used up.", "Billing" },
        { 403, "Purchase more credits to continue.", "Billing" },
        { 403, "There is a billing issue with your account.", "Billing" },
        { 400, "Your organization has an unpaid invoice.", "Billing" },
        { 403, "OAuth token has been revoked. Please obtain a new token.", "CredentialRejected" },
        { 403, "OAuth authentication is currently not allowed for this organization.", "CredentialRejected" },
        { 403, "Invalid bearer token", "CredentialRejected" },
        { 403, "The token does not meet the scope requirement user:inference.", "CredentialRejected" },
        { 403, "This API key was deleted.", "CredentialRejected" },
        { 403, "This API key has been superseded.", "CredentialRejected" },
        { 400, "This credential is only authorized for use with Claude Code.", "CredentialRejected" },
        { 400, "This organization has been disabled.", "AccountRefused" },
        { 403, "This organization has been disabled.", "AccountRefused" },
        { 403, "Your account has been temporarily suspended for a violation of our usage policy.", "AccountRefused" },
        { 400, "Your organisation is currently on hold. Contact support.", "AccountRefused" },
        { 403, "Your Claude subscription has expired.", "AccountRefused" },
        { 403, "deactivated workspace", "AccountRefused" },
        { 403, "Organization disabled", "AccountRefused" },
        { 403, "Account suspended: contact support", "AccountRefused" },
        { 403, "This user has been banned.", "AccountRefused" },
        { 403, "Your trial has ended.", "AccountRefused" },
        { 403, "You do not have permission to use Claude.", "AccountRefused" },
        { 403, "Your account is not active, please contact support.", "AccountRefused" },
        { 403, "Your organization is not authorized to use the Anthropic API.", "AccountRefused" },
        { 403, "Your account does not have access to Claude Code. Please run /login.", "AccountRefused" },
        { 400, "Your organization does not have access to Claude. Please login again.", "AccountRefused" },
        { 403, "You no longer have access to the API.", "AccountRefused" },
        { 403, "The plan is without access to Claude.", "AccountRefused" },
        { 403, "Access to Claude has been revoked by your administrator.", "AccountRefused" },
        { 403, "Your account is no longer a member of the organization.", "AccountRefused" },
        { 403, "You are not a member of this organization.", "AccountRefused" },
        { 400, "You must accept the latest Commercial Terms of Service.", "AccountRefused" },
        { 403, "Please review and agree to the updated Consumer Terms and Privacy Policy.", "AccountRefused" },
        { 403, "The terms of service have not been accepted.", "AccountRefused" },
        { 403, "Please verify your e-mail address or reactivate your account.", "AccountRefused" },
        { 403, "Your phone number must be verified first.", "AccountRefused" },
        { 403, "You need an account with an active subscription: you do not have an active plan.", "AccountRefused" },
        { 404, "model: claude-none", "ModelNotFound" },
        { 404, "The model `claude-none` does not exist or you do not have access to it.", "ModelNotFound" },
        { 404, "Unknown model claude-none", "ModelNotFound" },
    };

    // Another account would be told the same, or the text speaks of a model, a feature or the prompt.
    [Theory]
    [InlineData(400, "messages.0.content: the tool `disable_account` is unknown", "RequestRejected")]
    [InlineData(400, "Output blocked by content filtering policy", "RequestRejected")]
    [InlineData(400, "prompt is too long: 3333404 tokens > 200000 maximum", "RequestRejected")]
    [InlineData(400, "This violates our Acceptable Use Policy.", "RequestRejected")]
    [InlineData(400, "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens", "RequestRejected")]
    [InlineData(403, "Web search is disabled for this organization.", "NotPermitted")]
    [InlineData(403, "Your organization has disabled web search.", "NotPermitted")]
    [InlineData(403, "Your organization disabled web search.", "NotPermitted")]
    [InlineData(403, "Your account does not have permission to use this feature.", "NotPermitted")]
    [InlineData(403, "Your organization is not enabled for code execution.", "NotPermitted")]
    [InlineData(403, "Your organization does not have access to this model.", "NotPermitted")]
    [InlineData(403, "Your account does not have access to Claude Opus 4.6.", "NotPermitted")]
    [InlineData(403, "Your account does not have access to claude-opus-4-6.", "NotPermitted")]
    [InlineData(403, "Access to Anthropic models is not allowed from unsupported countries, regions, or territories.",
        "NotPermitted")]
    [InlineData(404, "Not found", "RequestRejected")]
    [InlineData(404, "file_011CNha8iCJcU1wXNR6q4V8w not found", "RequestRejected")]
    [InlineData(429, "This request would exceed your organization's rate limit of 5 requests per minute.", "RateLimited")]
    [InlineData(429, "Claude AI usage limit reached", "RateLimited")]
    [InlineData(500, "This organization has been disabled.", "ServerError")]
    [InlineData(422, "Your account has been suspended.", "RequestRejected")]
    public void Other_texts_leave_the_status_its_meaning(int status, string message, string kind) =>
        Assert.Equal(kind, KindOf(status, message));

    [Theory]
    [MemberData(nameof(Texts))]
    public void Text_means_what_its_row_says(int status, string message, string kind)
    {
        Assert.Equal(kind, KindOf(status, message));
        Assert.Equal(kind, KindOf(status, message.ToUpperInvariant()));
    }

    [Fact]
    public void Every_row_has_a_text_of_its_own()
    {
        var first = Texts.Select(text => FailureTexts.Rows.FirstOrDefault(row => row.Matches((int)text[0], (string)text[1])))
            .ToHashSet();
        Assert.Empty(FailureTexts.Rows.Where(row => !first.Contains(row)).Select(row => row.Pattern));
    }

    private static string KindOf(int status, string message) =>
        $"{Failure.OfAnswer(status, AnswerHeaders.None, Encoding.UTF8.GetBytes(Envelope(message)), Now).Kind}";

    private static string Envelope(string message) =>
        $$$"""{"type":"error","error":{"type":"some_error","message":"{{{message}}}"}}""";
}
