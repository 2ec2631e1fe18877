namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// Upstream sent a malformed answer: not JSON, an event out of order, or an event without end. The message says which, in words
/// that hold nothing of the content. The attempt has failed (a server error); after the commit it is an interruption.
/// </summary>
/// <param name="message">What is wrong, as a clause that follows "the answer is malformed:".</param>
internal sealed class MalformedAnswerException(string message) : Exception(message);
