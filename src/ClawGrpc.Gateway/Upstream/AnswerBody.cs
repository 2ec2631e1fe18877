using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>The bodies of answers, decoded as their <c>content-encoding</c> says, whatever was asked for.</summary>
internal static class AnswerBody
{
    // Longer bodies are neither error envelopes nor grants.
    private const int LongestError = 64 * 1024;
    private static readonly TimeSpan LongestErrorWait = TimeSpan.FromSeconds(2);

    /// <summary>The decoded body, to be read as it comes.</summary>
    /// <exception cref="MalformedAnswerException">Its coding is unknown.</exception>
    public static async ValueTask<Stream> OpenAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellation);
        if (!response.Content.Headers.NonValidated.Contains("content-encoding"))
            return stream;
        foreach (var coding in response.Content.Headers.ContentEncoding.Reverse())
        {
            stream = coding.ToLowerInvariant() switch
            {
                "identity" or "" => stream,
                "gzip" or "x-gzip" => new GZipStream(stream, CompressionMode.Decompress),
                "br" => new BrotliStream(stream, CompressionMode.Decompress),
                "deflate" => await InflatedAsync(stream, cancellation),
                _ => throw new MalformedAnswerException($"its content-encoding is {coding}"),
            };
        }

        return stream;
    }

    /// <summary>All of the body.</summary>
    /// <exception cref="MalformedAnswerException">It is longer than <paramref name="most"/> bytes.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(
        HttpResponseMessage response, int most, CancellationToken cancellation)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        await FillAsync(response, buffer, most, cancellation);
        var body = buffer.WrittenMemory;
        if (body.Span.StartsWith("\uFEFF"u8))
            body = body[3..];
        return buffer.WrittenCount <= most
            ? body
            : throw new MalformedAnswerException($"it is longer than {most} bytes");
    }

    /// <summary>
    /// The beginning of the body of an error: what comes of it within two seconds. Its status and headers say the most, so a body
    /// that stalls or breaks off takes nothing from them.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadErrorAsync(
        HttpResponseMessage response, TimeProvider time, CancellationToken caller)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var patience = new Patience(time, caller);
        patience.Start(LongestErrorWait);
        try
        {
            await FillAsync(response, buffer, LongestError, patience.Token);
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            // It stalled.
        }
        catch (Exception exception) when (IsBreak(exception) || exception is MalformedAnswerException)
        {
            // It broke off, or its coding cannot be read.
        }

        return buffer.WrittenMemory[..Math.Min(buffer.WrittenCount, LongestError)];
    }

    /// <summary>Whether reading failed because the connection broke or the body is not coded as it says.</summary>
    public static bool IsBreak(Exception exception) => exception is HttpRequestException or IOException or InvalidDataException
        || (exception is InvalidOperationException && exception.Source == typeof(BrotliStream).Assembly.GetName().Name);

    // Deflate is zlib by RFC 9110, section 8.4.1.2, but some servers send the bare format; the first byte tells which.
    private static async ValueTask<Stream> InflatedAsync(Stream coded, CancellationToken cancellation)
    {
        const int Method = 0x0f, Deflate = 8;
        var peek = PipeReader.Create(coded);
        var read = await peek.ReadAsync(cancellation);
        var isZlib = !read.Buffer.IsEmpty && (read.Buffer.FirstSpan[0] & Method) == Deflate;
        peek.AdvanceTo(read.Buffer.Start);
        return isZlib
            ? new ZLibStream(peek.AsStream(), CompressionMode.Decompress)
            : new DeflateStream(peek.AsStream(), CompressionMode.Decompress);
    }

    private static async Task FillAsync(
        HttpResponseMessage response, ArrayBufferWriter<byte> buffer, int most, CancellationToken cancellation)
    {
        await using var stream = await OpenAsync(response, cancellation);
        while (buffer.WrittenCount <= most && await stream.ReadAsync(buffer.GetMemory(4096), cancellation) is > 0 and var read)
            buffer.Advance(read);
    }
}
