using System.Text.Json;
using ClawGrpc.Client;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>
/// Each command and each RPC once, between real processes. What the other suites test in detail works in a build ahead of time
/// only if the code behind it was kept.
/// </summary>
public class EveryCommandTests
{
    // In the order of one story: what a command needs, one above it has made. `-` reads the key from standard input.
    private static readonly string[][] Story =
    [
        ["onboard", "--non-interactive", "--anthropic-api-key", "-", "--json"],
        ["onboard", "--non-interactive", "--anthropic-api-key", "-", "--profile-id", "anthropic:two"],
        ["models auth add"],
        ["models auth paste-token", "--provider", "anthropic", "--profile-id", "anthropic:three"],
        ["models auth setup-token", "--yes"],
        ["models auth paste-api-key", "--profile-id", "anthropic:four", "--verify"],
        ["models auth list", "--json"],
        ["models auth order get", "--provider", "anthropic", "--json"],
        ["models auth order set", "--provider", "anthropic", "anthropic:default", "anthropic:two"],
        ["models auth order clear", "--provider", "anthropic"],
        ["models auth reset", "anthropic:default"],
        ["models auth rebind"],
        ["models auth delete", "anthropic:two", "--yes"],
        ["models set", "anthropic/claude-opus-4-6"],
        ["models set-image", "anthropic/claude-opus-4-6"],
        ["models aliases add", "fast", "anthropic/claude-haiku-4-5"],
        ["models aliases list", "--json"],
        ["models aliases remove", "fast"],
        ["models fallbacks add", "anthropic/claude-haiku-4-5"],
        ["models fallbacks list", "--json"],
        ["models fallbacks remove", "anthropic/claude-haiku-4-5"],
        ["models fallbacks clear"],
        ["models allow", "anthropic/claude-haiku-4-5"],
        ["models disallow", "anthropic/claude-haiku-4-5"],
        ["models image-fallbacks add", "anthropic/claude-haiku-4-5"],
        ["models image-fallbacks list", "--plain"],
        ["models image-fallbacks remove", "anthropic/claude-haiku-4-5"],
        ["models image-fallbacks clear"],
        ["models list", "--all"],
        ["models status"],
        ["models status", "--probe", "--json"],
        ["complete", "Hello", "--receipt"],
        ["complete", "Hello", "--json"],
        ["complete", "Hello", "--plan"],
        ["usage", "--by", "day,client,agent,profile,model", "--json"],
        ["agents add", "work", "--json"],
        ["agents remove", "work", "--yes"],
        ["chat", "--session", "talk"],
        ["agents list", "--json"],
        ["clients add", "service", "--scope", "complete", "--scope", "status", "--for-agent", "main"],
        ["clients list"],
        ["clients show", "service", "--json"],
        ["clients update", "service", "--requests-per-minute", "60"],
        ["clients token create", "service"],
        ["clients token rotate", "TOKEN"],
        ["clients token revoke", "TOKEN"],
        ["clients remove", "service", "--yes"],
        ["connect claude-code", "--url", "http://127.0.0.1:1"],
        ["connect sdk", "--url", "http://127.0.0.1:1"],
        ["connect openclaw", "--url", "http://127.0.0.1:1"],
        ["secrets status"],
        ["secrets seal"],
        ["secrets rotate"],
        ["secrets unseal"],
        ["audit head"],
        ["audit tail"],
        ["audit verify"],
        ["import", "/nowhere"],
        ["export", "/nowhere"],
        ["doctor"],
        ["whoami", "--json"],
        ["contexts add", "other", "--server", "unix:/nowhere"],
        ["contexts use", "other"],
        ["contexts show", "--json"],
        ["contexts list"],
        ["contexts remove", "other"],
        ["completion bash"],
        ["completion zsh"],
        ["completion fish"],
        ["help", "models", "status"],
        ["version"],
    ];

    // These need a terminal, or a database, and say so where there is none.
    private static readonly string[] NeedMore = ["models auth add", "models auth setup-token", "import", "export"];

    [Fact]
    public async Task Every_command_works_against_the_server()
    {
        using var keys = new SealKeys();
        await using var fixture = await ProcessFixture.BuildAsync(more: _ => keys.Both);
        await fixture.ServeAsync();
        var failed = new List<string>();
        foreach (var step in Story)
        {
            var token = step.Contains("TOKEN") ? await TokenOfAsync(fixture) : "";
            var claw = fixture.Claw([.. step[0].Split(' '), .. step[1..].Select(word => word == "TOKEN" ? token : word)]);
            await claw.TellAsync(InputOf(step));
            var expected = NeedMore.Contains(step[0]) ? 1 : 0;
            if (await claw.ExitAsync() != expected)
                failed.Add($"claw {string.Join(' ', step)}: {claw.Out}{claw.Error}");
        }

        Assert.Equal("", string.Join('\n', failed));
    }

    [Fact]
    public void Story_holds_every_command()
    {
        var help = Directory.EnumerateFiles(Path.Join(Repository.Root, "tests/ClawGrpc.Cli.Tests/golden/help"))
            .Select(file => Path.GetFileNameWithoutExtension(file)!).ToList();
        var commands = help.Where(name => !help.Any(other => other.StartsWith(name + "-", StringComparison.Ordinal)
            && !Siblings.Contains(name)));
        Assert.Equal(commands.Order(), Story.Select(step => "claw-" + step[0].Replace(' ', '-')).Distinct().Order());
    }

    // A command whose name is the beginning of its neighbour's.
    private static readonly string[] Siblings = ["claw-models-set"];

    [Fact]
    public async Task Every_RPC_answers()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        await fixture.ServeAsync();
        using var channel = fixture.Connect();
        await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        var services = new[] { AuthService.Descriptor, ModelService.Descriptor, AccessService.Descriptor };
        foreach (var rpc in services.SelectMany(service => service.Methods))
        {
            var refusal = await RefusalAsync(channel.CreateCallInvoker(), rpc);
            Assert.True(refusal is null || ClawGrpcError.From(refusal).Reason != default, $"{rpc.FullName}: {refusal}");
            Assert.False(refusal?.StatusCode is StatusCode.Internal or StatusCode.Unknown, $"{rpc.FullName}: {refusal}");
        }
    }

    private static async Task<RpcException?> RefusalAsync(CallInvoker invoker, MethodDescriptor rpc)
    {
        var request = (IMessage)Activator.CreateInstance(rpc.InputType.ClrType)!;
        var bytes = Marshallers.Create<byte[]>(static given => given, static read => read);
        var method = new Method<byte[], byte[]>(MethodType.ServerStreaming, rpc.Service.FullName, rpc.Name, bytes, bytes);
        using var call = invoker.AsyncServerStreamingCall(
            method, null, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(30)), request.ToByteArray());
        try
        {
            // A watch never ends: its first message is enough.
            if (await call.ResponseStream.MoveNext(CancellationToken.None))
                rpc.OutputType.Parser.ParseFrom(call.ResponseStream.Current);
            return null;
        }
        catch (RpcException exception)
        {
            return exception;
        }
    }

    private static string InputOf(string[] step) =>
        step.Contains("-") || step[0] == "models auth paste-api-key" ? ProcessFixture.KeyOne
        : step[0] == "chat" ? "Hello\n/model haiku\nAnd again\n"
        : step[0] == "models auth paste-token" ? "sk-ant-oat01-" + new string('A', 80) : "";

    private static async Task<string> TokenOfAsync(ProcessFixture fixture)
    {
        using var shown = JsonDocument.Parse(await fixture.ClawAsync("clients", "show", "service", "--json"));
        return shown.RootElement.GetProperty("tokens")[0].GetProperty("tokenId").GetString()!;
    }
}
