namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// One server-sent event. Its memory belongs to the reader and is valid until the next read or until the buffer is returned.
/// </summary>
/// <param name="Name">The <c>event</c> field; empty if there is none.</param>
/// <param name="Data">The <c>data</c> field, several joined by LF, byte for byte; never empty.</param>
internal readonly record struct SseEvent(ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Data);
