using System.IO.Compression;

namespace Grpc.Net.Compression;

/// <summary>A way to compress messages.</summary>
public interface ICompressionProvider
{
    /// <summary>The name that travels, such as <c>gzip</c>.</summary>
    string EncodingName { get; }

    /// <summary>Wraps a stream to write compressed bytes to, which stays open; a null level is the provider's own.</summary>
    Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel);

    /// <summary>Wraps a stream of compressed bytes.</summary>
    Stream CreateDecompressionStream(Stream stream);
}
