namespace ClawGrpc.Core.Anthropic;

/// <summary>One server-sent event. Its memory belongs to the reader: it holds until the next event is read or the buffer is handed back.</summary>
/// <param name="Name">The <c>event</c> field; empty: none.</param>
/// <param name="Data">The <c>data</c> field, several joined by LF, byte for byte; never empty.</param>
internal readonly record struct SseEvent(ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Data);
