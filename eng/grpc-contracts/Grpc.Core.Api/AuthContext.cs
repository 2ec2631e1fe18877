using System.Text;
using Grpc.Core.Utils;

namespace Grpc.Core;

/// <summary>What the transport knows of the peer's identity.</summary>
public class AuthContext
{
    private readonly Dictionary<string, List<AuthProperty>> _properties;

    /// <summary>From properties by name; the first name says which of them is the identity, null that there is none.</summary>
    public AuthContext(string? peerIdentityPropertyName, Dictionary<string, List<AuthProperty>> properties)
    {
        PeerIdentityPropertyName = peerIdentityPropertyName;
        _properties = GrpcPreconditions.CheckNotNull(properties);
    }

    /// <summary>Whether the peer's identity is known.</summary>
    public bool IsPeerAuthenticated => PeerIdentityPropertyName is not null;

    /// <summary>The name of the properties that are the identity, or null.</summary>
    public string? PeerIdentityPropertyName { get; }

    /// <summary>The properties that are the identity.</summary>
    public IEnumerable<AuthProperty> PeerIdentity =>
        PeerIdentityPropertyName is null ? [] : FindPropertiesByName(PeerIdentityPropertyName);

    /// <summary>All properties.</summary>
    public IEnumerable<AuthProperty> Properties => _properties.Values.SelectMany(properties => properties);

    /// <summary>The properties of that name.</summary>
    public IEnumerable<AuthProperty> FindPropertiesByName(string propertyName) =>
        _properties.TryGetValue(propertyName, out var found) ? found : [];
}

/// <summary>One fact about a peer.</summary>
public class AuthProperty
{
    private readonly byte[] _value;
    private readonly Lazy<string> _text;

    private AuthProperty(string name, byte[] value)
    {
        Name = name;
        _value = value;
        _text = new(() => Encoding.UTF8.GetString(value));
    }

    /// <summary>The fact's name.</summary>
    public string Name { get; }

    /// <summary>The value as UTF-8 text.</summary>
    public string Value => _text.Value;

    /// <summary>The value as bytes: a copy.</summary>
    public byte[] ValueBytes => (byte[])_value.Clone();

    /// <summary>A fact; the bytes are copied.</summary>
    public static AuthProperty Create(string name, byte[] valueBytes) =>
        new(GrpcPreconditions.CheckNotNull(name), (byte[])GrpcPreconditions.CheckNotNull(valueBytes).Clone());
}
