using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>A signed token, right unless a test breaks it.</summary>
internal sealed class TestJwt
{
    public const string Issuer = "https://kubernetes.default.svc.cluster.local";
    public const string Audience = "clawgrpc";

    private readonly DateTimeOffset _now;
    private RSA _key;
    private byte[]? _secret;

    public TestJwt(RSA key, string keyId, DateTimeOffset now)
    {
        (_key, _now) = (key, now);
        Header = new JsonObject { ["alg"] = "RS256", ["typ"] = "JWT", ["kid"] = keyId };
        Payload = new JsonObject
        {
            ["iss"] = Issuer,
            ["sub"] = "system:serviceaccount:agents:build",
            ["aud"] = Audience,
            ["team"] = "build",
        };
        Times(0, 600);
    }

    public JsonObject Header { get; }

    public JsonObject Payload { get; }

    /// <summary>Whether something of it is changed after it was signed.</summary>
    public bool Changed { get; set; }

    /// <summary>Whether it ends behind its second point.</summary>
    public bool Unsigned { get; set; }

    /// <summary>Whether a member stands in it twice.</summary>
    public bool Twice { get; set; }

    public Metadata Headers => new() { { "authorization", $"Bearer {Text}" } };

    public string Text
    {
        get
        {
            var payload = Payload.ToJsonString();
            if (Twice)
                payload = $$"""{"sub":"system:serviceaccount:agents:other",{{payload[1..]}}""";
            var signed = $"{Part(Header.ToJsonString())}.{Part(payload)}";
            var bytes = Encoding.ASCII.GetBytes(signed);
            var signature = _secret is not null ? HMACSHA256.HashData(_secret, bytes)
                : _key.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            if (Changed)
                signed = $"{Part(Header.ToJsonString())}.{Part($"{payload[..^1]},\"more\":1}}")}";
            return $"{signed}.{(Unsigned ? "" : Base64Url.EncodeToString(signature))}";
        }
    }

    /// <summary>Sets when it was made and when it ends, in seconds from now.</summary>
    public void Times(int made, int end) => (Payload["iat"], Payload["exp"]) = (At(made), At(end));

    /// <summary>A time in seconds from now.</summary>
    public long At(int seconds) => (_now + TimeSpan.FromSeconds(seconds)).ToUnixTimeSeconds();

    /// <summary>Signs with the public key as if it were a shared secret.</summary>
    public void SignWithSecret()
    {
        Header["alg"] = "HS256";
        _secret = _key.ExportSubjectPublicKeyInfo();
    }

    /// <summary>Signs with another key, which the token brings along.</summary>
    public void SignWithOwnKey()
    {
        _key = RSA.Create(2048);
        Header["jwk"] = JwtServer.KeyOf(_key, "own");
        Header["jku"] = "https://evil.example/jwks";
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
