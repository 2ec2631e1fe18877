using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.Bench;

/// <summary>Calls clawgrpc as programs do: several of them, each with one channel.</summary>
internal sealed class ClawGrpcCaller : IDisposable
{
    public const string Key = "sk-ant-api03-FAKE-bench-00000000000000000000000000000000";
    public const string Model = "claude-sonnet-4-6";
    public const int MaxTokens = 1024;
    private const int Programs = 4;

    /// <summary>A thousand characters, about as much as a short system prompt has.</summary>
    public static readonly string System = string.Concat(Enumerable.Repeat("You answer briefly. ", 50));

    private readonly GrpcChannel[] _channels;
    private readonly ModelService.ModelServiceClient[] _clients;

    private readonly Metadata _headers = [];

    public ClawGrpcCaller(string socketPath)
    {
        var endpoint = ClawGrpcEndpoint.Parse($"unix:{socketPath}");
        _channels = [.. Enumerable.Range(0, Programs).Select(_ => ClawGrpcChannel.Create(endpoint))];
        _clients = [.. _channels.Select(channel => new ModelService.ModelServiceClient(channel))];
    }

    /// <summary>Gives the server the key it serves with.</summary>
    public async Task OnboardAsync() => await new AuthService.AuthServiceClient(_channels[0])
        .OnboardAsync(new OnboardRequest { ApiKey = new ApiKeyCredential { Key = Key } });

    /// <summary>From now on the calls carry a token of a client with limits, as those of services do.</summary>
    public async Task<string> UseTokenAsync()
    {
        var access = new AccessService.AccessServiceClient(_channels[0]);
        var client = new V1.Client { Name = "bench", Scopes = { Scope.Complete }, Agents = { "main" } };
        await access.AddClientAsync(new AddClientRequest { Client = client });
        var made = await access.CreateTokenAsync(new CreateTokenRequest { Client = client.Name });
        _headers.Add("authorization", $"Bearer {made.Secret}");
        return made.Secret;
    }

    /// <exception cref="WrongAnswerException">The answer is not the one that was asked for.</exception>
    /// <exception cref="RpcException">There was none.</exception>
    public Task CallAsync(int caller, Workload workload, Answer answer) =>
        workload.IsStream
            ? StreamAsync(_clients[caller % Programs], workload, _headers)
            : CompleteAsync(_clients[caller % Programs], workload, _headers);

    public void Dispose()
    {
        foreach (var channel in _channels)
            channel.Dispose();
    }

    private static async Task CompleteAsync(ModelService.ModelServiceClient client, Workload workload, Metadata headers)
    {
        var response = await client.CompleteAsync(new CompleteRequest { Input = InputOf(workload) }, headers);
        if (response.Completion.Content is not [{ Text.Text: var text }] || text != workload.Text
            || response.Receipt.Attempts.Count != 1)
        {
            throw new WrongAnswerException($"clawgrpc: another completion than was asked for: {response.Completion}");
        }
    }

    private static async Task StreamAsync(ModelService.ModelServiceClient client, Workload workload, Metadata headers)
    {
        using var call = client.StreamComplete(new StreamCompleteRequest { Input = InputOf(workload) }, headers);
        var (deltas, at) = (0, 0);
        StreamCompleteResponse? last = null;
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            last = call.ResponseStream.Current;
            if (last.BlockDelta is not { } delta)
                continue;
            if (!workload.Text.AsSpan(at).StartsWith(delta.Text))
                throw new WrongAnswerException($"clawgrpc: another delta than was asked for: {delta}");
            deltas++;
            at += delta.Text.Length;
        }

        if (deltas != workload.Deltas || at != workload.Text.Length || last?.Finished is null)
            throw new WrongAnswerException($"clawgrpc: {deltas} deltas of {workload.Deltas}; the last message is {last}");
    }

    private static CompletionInput InputOf(Workload workload) => new()
    {
        Model = $"anthropic/{Model}",
        Messages = new MessagesRequest
        {
            MaxTokens = MaxTokens,
            System = { TextOf(System) },
            Messages = { new Message { Role = Role.User, Content = { TextOf(workload.Prompt) } } },
        },
    };

    private static ContentBlock TextOf(string text) => new() { Text = new TextBlock { Text = text } };
}
