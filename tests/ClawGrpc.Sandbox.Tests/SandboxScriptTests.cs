using System.Text;
using System.Text.Json;

namespace ClawGrpc.Testing.Tests;

public class SandboxScriptTests
{
    [Fact]
    public void Every_fault_can_be_written_in_JSON()
    {
        var script = Parse("""
            {
              // Comments are welcome.
              "keys": [{"key": "sk-ant-api03-FAKE-a", "workspace": "wrkspc_a"}],
              "faults": [
                {"match": {"keyPrefix": "sk-ant-api03-FAKE", "nth": 2}, "times": 3, "status": {"code": 429,
                  "headers": {"retry-after": "7"}}},
                {"match": {"path": "*"}, "times": "forever", "slow": {"perEventMs": 20}},
                {"status": {"code": 400, "json": {"error": "invalid_grant"}}},
                {"cut": {"afterBytes": 100}, "chunks": {"max": 3, "seed": 9}},
                {"error": {"afterEvents": 4, "type": "api_error", "message": "no"}},
                {"replay": {"bytes": "e30=", "status": 201}},
                {"end": {"afterEvents": 1}}, {"stall": {"afterEvents": 1}}, {"malformed": {"afterEvents": 1}},
                {"drop": true}, {"stallBeforeHeaders": true},
              ],
            }
            """);
        Assert.Equal(new SandboxKey("sk-ant-api03-FAKE-a", null, "wrkspc_a"), Assert.Single(script.Keys));
        Assert.Equal(11, script.Faults.Count);
        Assert.Equal((2, 3, 429, "7"), (script.Faults[0].Match.Nth, script.Faults[0].Times, script.Faults[0].Status!.Code,
            script.Faults[0].Status!.Headers["retry-after"]));
        Assert.Equal((Fault.Forever, 20), (script.Faults[1].Times, script.Faults[1].Slow!.PerEventMs));
        Assert.Equal("invalid_grant", script.Faults[2].Status!.Json!.Value.GetProperty("error").GetString());
        Assert.Equal(
            (100, 3, 9), (script.Faults[3].Cut!.AfterBytes, script.Faults[3].Chunks!.Max, script.Faults[3].Chunks!.Seed));
        Assert.Equal((4, "api_error"), (script.Faults[4].Error!.AfterEvents, script.Faults[4].Error!.Type));
        Assert.Equal("{}"u8.ToArray(), script.Faults[5].Replay!.Bytes!.Value.ToArray());
        Assert.True(script.Faults[9].Drop && script.Faults[10].StallBeforeHeaders);
    }

    [Theory]
    [InlineData("""{"drop":true}""", 1)]
    [InlineData("""[{"drop":true},{"drop":true}]""", 2)]
    [InlineData("[]", 0)]
    public void One_fault_or_a_list_is_a_script(string json, int count) => Assert.Equal(count, Parse(json).Faults.Count);

    [Theory]
    [InlineData("nonsense")]
    [InlineData("""{"dorp":true}""")]
    [InlineData("""{"times":"often"}""")]
    [InlineData("""{"faults":[{"status":{}}]}""")]
    [InlineData("null")]
    public void Misspelt_member_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => Parse(json));

    private static SandboxScript Parse(string json) => SandboxScript.Parse(Encoding.UTF8.GetBytes(json));
}
