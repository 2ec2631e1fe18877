using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ClawGrpc.Core.Access;
using CsCheck;

namespace ClawGrpc.Core.Tests.Access;

/// <summary>The lines of the audit, their chain and its check.</summary>
public class AuditTests
{
    private const string Secret = "sk-ant-api03-FAKE-first-key-0000000000000001";
    private static readonly byte[] Key = new byte[32];
    private static readonly DateTimeOffset Now = new(2026, 2, 8, 10, 30, 0, 123, TimeSpan.Zero);

    [Fact]
    public void Line_has_what_happened()
    {
        var client = new Client { Name = "ci", Scopes = Scopes.All, Agents = ["*"] };
        var caller = new Caller(client, new Proof.Token("abcdefghijkl", []));
        var entry = new AuditEntry(AuditEvent.Change, Now, new AuditActor(caller, new Proof.Peer(7, [8], 9), null))
        {
            Rpc = "AuthService/Onboard",
            Agent = "main",
            Profile = "anthropic:work",
            Outcome = "refused",
            Reason = "STATE_NOT_WRITTEN",
            RequestId = "0HN:1",
            Details = [("config", "é\n")],
        };
        var line = LinesOf(entry)[0];
        var end = line.IndexOf(",\"prev\"", StringComparison.Ordinal);
        Assert.Equal(
            "{'seq':1,'time':'2026-02-08T10:30:00.123Z','event':'change',"
            + "'actor':{'client':'ci','proof':'token','id':'abcdefghijkl','uid':7,'pid':9},"
            + "'rpc':'AuthService/Onboard','agent':'main','profile':'anthropic:work','outcome':'refused',"
            + "'reason':'STATE_NOT_WRITTEN','request_id':'0HN:1','details':{'config':'\\u00E9\\n'}",
            line[..end].Replace('"', '\''));
    }

    [Fact]
    public void Hash_is_of_the_hash_before_and_the_line_without_its_hash()
    {
        var lines = LinesOf(Entry(1), Entry(2));
        var first = JsonDocument.Parse(lines[0]).RootElement.GetProperty("hash").GetString()!;
        var second = JsonDocument.Parse(lines[1]).RootElement;
        Assert.Equal(first, second.GetProperty("prev").GetString());
        var without = lines[1][..lines[1].IndexOf(",\"hash\"", StringComparison.Ordinal)] + "}";
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(first + without))),
            second.GetProperty("hash").GetString());
    }

    [Theory]
    [InlineData(Secret, true)]
    [InlineData("anthropic:" + Secret, true)]
    [InlineData("claw_abcdefghijkl_x", true)]
    [InlineData("gAAAAABn9Zq4tVx0ExampleOfABearerToken", true)]
    [InlineData("anthropic:default", false)]
    [InlineData("anthropic/claude-opus-4-6-20260101-with-a-long-name", false)]
    [InlineData("spiffe://example.org/ns/prod/sa/a-worker-with-a-long-name", false)]
    [InlineData("https://api.anthropic.com", false)]
    public void Text_that_looks_like_a_secret_is_a_keyed_hash(string text, bool isHashed)
    {
        var line = LinesOf(Entry(1) with { Profile = text, Details = [("label", text)] })[0];
        Assert.Equal(isHashed, !line.Contains(text, StringComparison.Ordinal));
        Assert.Equal(isHashed, line.Contains("hmac-sha256:", StringComparison.Ordinal));
    }

    [Fact]
    public void Credential_is_the_same_keyed_hash_each_time()
    {
        var lines = LinesOf(
            Entry(1) with { Credential = new Secret(Secret) }, Entry(2) with { Credential = new Secret(Secret) });
        var hash = $"hmac-sha256:{Convert.ToHexStringLower(HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(Secret)))}";
        Assert.All(lines, line => Assert.Contains(hash, line, StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public void Whole_chain_is_valid()
    {
        var check = Check(File(5));
        Assert.Equal((0, 5, 1, 5, ""), (check.BadLine, check.Lines, check.First, check.Head.Sequence, check.Problem));
    }

    [Fact]
    public void Chain_whose_first_lines_were_put_away_is_valid()
    {
        var check = Check(File(5)[(File(5).AsSpan().IndexOf((byte)'\n') + 1)..]);
        Assert.Equal((0, 2, 5), (check.BadLine, check.First, check.Head.Sequence));
    }

    [Fact]
    public void Changed_byte_is_told_by_its_line()
    {
        var file = File(6);
        Gen.Select(Gen.Int[0, file.Length - 2], Gen.Byte[1, 255]).Sample((at, change) =>
        {
            var changed = file.ToArray();
            changed[at] ^= change;
            Assert.Equal(1 + file[..at].Count(each => each == '\n'), Check(changed).BadLine);
        });
    }

    [Fact]
    public void Line_that_is_left_out_put_in_or_moved_is_told()
    {
        var lines = File(6).AsSpan().ToArray();
        var all = Encoding.ASCII.GetString(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4]).Sample((at, to) =>
        {
            Assert.Equal(at + 1, Check(Joined([.. all[..at], .. all[(at + 1)..]])).BadLine);
            Assert.Equal(at + 2, Check(Joined([.. all[..(at + 1)], all[at], .. all[(at + 1)..]])).BadLine);
            var moved = all.ToArray();
            (moved[at], moved[to]) = (moved[to], moved[at]);
            Assert.Equal(at == to ? 0 : Math.Min(at, to) + 1, Check(Joined(moved)).BadLine);
        });
    }

    [Fact]
    public void Torn_last_line_is_named_and_tolerated()
    {
        var file = File(4);
        var lastStart = file.AsSpan(0, file.Length - 1).LastIndexOf((byte)'\n') + 1;
        Gen.Int[lastStart + 1, file.Length - 1].Sample(length =>
        {
            var check = Check(file[..length]);
            Assert.Equal((0, true), (check.BadLine, check.EndsTorn));
        });
    }

    [Fact]
    public void Chain_goes_on_after_a_torn_line()
    {
        var file = File(4);
        var lastStart = file.AsSpan(0, file.Length - 1).LastIndexOf((byte)'\n') + 1;
        Gen.Int[lastStart, file.Length].Sample(length =>
        {
            var lines = new ArrayBufferWriter<byte>();
            var tail = AuditTail.Of(file.AsMemory(0, length));
            var head = tail.Head!.Value;
            lines.Write(file.AsSpan(0, length));
            if (!tail.IsTerminated)
                lines.Write("\n"u8);
            if (tail.Closing(Now) is { } closing)
                head = AuditLine.Append(lines, new Utf8JsonWriter(lines), closing, head, Key);
            AuditLine.Append(lines, new Utf8JsonWriter(lines), Entry(9), head, Key);
            var check = Check(lines.WrittenSpan.ToArray());
            Assert.Equal((0, length > lastStart && length < file.Length - 1 ? 1 : 0), (check.BadLine, check.TornLines));
        });
    }

    [Fact]
    public void Damaged_whole_line_stays_told_after_a_restart()
    {
        var file = File(4);
        file[^20] ^= 1;
        var lines = new ArrayBufferWriter<byte>();
        var tail = AuditTail.Of(file);
        Assert.Equal(3, tail.Head!.Value.Sequence);
        lines.Write(file);
        AuditLine.Append(lines, new Utf8JsonWriter(lines), tail.Closing(Now)!, tail.Head.Value, Key);
        Assert.Equal(4, Check(lines.WrittenSpan.ToArray()).BadLine);
    }

    private static AuditEntry Entry(int number) =>
        new(AuditEvent.Denied, Now.AddSeconds(number), new AuditActor(null, null, IPAddress.Loopback)) { Reason = $"R{number}" };

    private static ImmutableArray<string> LinesOf(params AuditEntry[] entries)
    {
        var (lines, head) = (new ArrayBufferWriter<byte>(), AuditHead.None);
        foreach (var entry in entries)
            head = AuditLine.Append(lines, new Utf8JsonWriter(lines), entry, head, Key);
        return [.. Encoding.ASCII.GetString(lines.WrittenSpan).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static byte[] File(int count) => Joined([.. LinesOf([.. Enumerable.Range(1, count).Select(Entry)])]);

    private static byte[] Joined(string[] lines) => Encoding.ASCII.GetBytes(string.Concat(lines.Select(line => line + "\n")));

    private static AuditCheck Check(byte[] file)
    {
        var check = AuditCheck.Begin;
        for (var start = 0; start < file.Length;)
        {
            var length = file.AsSpan(start).IndexOf((byte)'\n');
            check = check.Next(file.AsSpan(start, length < 0 ? file.Length - start : length), length >= 0);
            start = length < 0 ? file.Length : start + length + 1;
        }

        return check.End();
    }
}
