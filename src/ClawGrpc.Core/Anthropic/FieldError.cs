namespace ClawGrpc.Core.Anthropic;

/// <summary>What is wrong with one field of what a caller gave.</summary>
/// <param name="Path">The field, as <c>messages[2].content[0].text</c>; empty for the whole.</param>
/// <param name="Description">What is wrong and what would be right, in one sentence without the field's name.</param>
internal readonly record struct FieldError(string Path, string Description);
