using System.Buffers;
using System.Text;
using Grpc.Core.Utils;

namespace Grpc.Core;

public sealed partial class Metadata
{
    /// <summary>A key with a text of ASCII characters, or with bytes when the key ends with <see cref="BinaryHeaderSuffix"/>.</summary>
    public class Entry
    {
        private readonly string? _text;
        private readonly byte[]? _bytes;

        /// <summary>A binary entry. The bytes are copied.</summary>
        /// <exception cref="ArgumentException">The key does not end with <see cref="BinaryHeaderSuffix"/> or has a forbidden character.</exception>
        public Entry(string key, byte[] valueBytes)
        {
            Key = Keys.Normalize(key);
            GrpcPreconditions.CheckArgument(IsBinary, $"Key for binary valued metadata entry needs to have '{BinaryHeaderSuffix}' suffix indicating binary value.");
            _bytes = (byte[])GrpcPreconditions.CheckNotNull(valueBytes, nameof(valueBytes)).Clone();
        }

        /// <summary>A text entry.</summary>
        /// <exception cref="ArgumentException">The key ends with <see cref="BinaryHeaderSuffix"/> or has a forbidden character.</exception>
        public Entry(string key, string value)
        {
            Key = Keys.Normalize(key);
            GrpcPreconditions.CheckArgument(!IsBinary, "Key for ASCII valued metadata entry cannot have suffix indicating binary value.");
            _text = GrpcPreconditions.CheckNotNull(value, nameof(value));
        }

        /// <summary>The key, in lower case.</summary>
        public string Key { get; }

        /// <summary>The value as bytes: a copy; of a text, its ASCII bytes.</summary>
        public byte[] ValueBytes => _text is null ? (byte[])_bytes!.Clone() : Encoding.ASCII.GetBytes(_text);

        /// <summary>The value as text.</summary>
        /// <exception cref="InvalidOperationException">The entry is binary.</exception>
        public string Value
        {
            get
            {
                GrpcPreconditions.CheckState(!IsBinary, "Cannot access string value of a binary metadata entry");
                return _text!;
            }
        }

        /// <summary>Whether the value is bytes.</summary>
        public bool IsBinary => Key.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal);

        /// <inheritdoc />
        public override string ToString() => IsBinary ? $"[Entry: key={Key}, valueBytes={_bytes}]" : $"[Entry: key={Key}, value={_text}]";
    }

    private static class Keys
    {
        private static readonly SearchValues<char> Allowed =
            SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

        public static string Normalize(string key)
        {
            GrpcPreconditions.CheckNotNull(key, nameof(key));
            GrpcPreconditions.CheckArgument(
                !key.AsSpan().ContainsAnyExcept(Allowed),
                "Metadata entry key not valid. Keys can only contain lowercase alphanumeric characters, underscores, hyphens and dots.");
            return key.ToLowerInvariant();
        }
    }
}
