namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// What came from upstream is no answer: not JSON, an event out of order, an event without end. The message says which, in words
/// that hold nothing of the content. The attempt has failed (design: "server error"); after the commit it is an interruption.
/// </summary>
/// <param name="message">What is wrong, as a clause that follows "the answer is malformed:".</param>
internal sealed class MalformedAnswerException(string message) : Exception(message);
