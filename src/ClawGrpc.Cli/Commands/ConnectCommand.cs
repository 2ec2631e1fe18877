using System.CommandLine;
using ClawGrpc.Cli.Connecting;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.Client;
using ClawGrpc.Json5;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw connect</c>: settings for programs that speak Anthropic's Messages API, with a token made for them.</summary>
internal static class ConnectCommand
{
    // Stands for the token while it is not made.
    private const string NoToken = Secrets.TokenPrefix;

    public static Command Create(Globals globals) => new VerbGroup(
        "connect", "Settings for a program that speaks Anthropic's Messages API",
        [.. MessagesClient.All.Select(client => Create(globals, client))]);

    private static Command Create(Globals globals, MessagesClient client)
    {
        var options = new ConnectOptions(client);
        return globals.Command(client.Name, $"Settings for {client.Title}, with a token made for it", options.All,
            (invocation, cancellation) => RunAsync(invocation, client, options, cancellation));
    }

    private static async Task<int> RunAsync(
        Invocation invocation, MessagesClient client, ConnectOptions options, CancellationToken cancellation)
    {
        var url = options.UrlOf(invocation) ?? await FindUrlAsync(invocation, cancellation);
        var access = new MessagesAccess(url, NoToken, CaOf(invocation, url));
        if (!invocation.Get(options.Write))
        {
            var (printed, made) = await MakeAsync(invocation, options, known: null, cancellation);
            invocation.Out.Write(client.Edit("", access with { Token = printed }));
            invocation.Out.Flush();
            Tell(invocation, client, made, $"Put this into {Short(invocation, options.FileOf(invocation))}, or pass --write.");
            return 0;
        }

        var path = Path.GetFullPath(options.FileOf(invocation));
        await RefuseOwnConfigurationAsync(invocation, client, path, cancellation);

        // A file that cannot be edited or written must not cost a token.
        var settings = Read(path);
        Edit(client, path, settings, access);
        using var file = Begin(path);
        var (secret, token) = await MakeAsync(invocation, options, MessagesClient.TokenIdIn(settings), cancellation);
        file.Commit(Edit(client, path, settings, access with { Token = secret }));
        Tell(invocation, client, token, $"Updated {Short(invocation, path)}");
        return 0;
    }

    private static string? CaOf(Invocation invocation, string url) => url.StartsWith("https:", StringComparison.Ordinal)
        && (invocation.Options.CaFile ?? invocation.Environment.Variable("CLAWGRPC_CA_FILE")) is { Length: > 0 } ca
            ? Path.GetFullPath(ca)
            : null;

    private static async Task<string> FindUrlAsync(Invocation invocation, CancellationToken cancellation)
    {
        var server = await invocation.Access.GetServerAsync(new GetServerRequest(), cancellationToken: cancellation);
        var listeners = server.Listeners.Where(listener => listener.Face == ListenerFace.Messages)
            .Select(listener => listener.Address).ToList();
        var url = listeners.Find(address => address.StartsWith("https:", StringComparison.Ordinal))
            ?? listeners.Find(address => address.StartsWith("http:", StringComparison.Ordinal));
        if (url is null)
        {
            throw CliFailure.Failed(
                "The server does not serve the Messages API on a port. Start it with --http http://127.0.0.1:7080 as well.");
        }

        return new Uri(url).Host is "0.0.0.0" or "[::]"
            ? throw CliFailure.Failed($"The server listens on all of its addresses ({url}). Pass --url https://NAME:PORT, with a "
                + "name of its certificate.")
            : url;
    }

    // A server that reads where OpenClaw sends its requests would send its own there: to itself.
    private static async Task RefuseOwnConfigurationAsync(
        Invocation invocation, MessagesClient client, string path, CancellationToken cancellation)
    {
        if (client.Name != "openclaw")
            return;
        var request = new GetStatusRequest { AgentId = invocation.AgentId };
        var status = (await invocation.Models.GetStatusAsync(request, cancellationToken: cancellation)).Status;
        if (Target(status.ConfigPath) == Target(path))
        {
            throw CliFailure.Failed(
                $"{path} is the configuration of this server: with these settings it would call itself. Give the server a state "
                + "folder of its own (clawgrpc --state-dir), or pass --file.");
        }
    }

    private static string Target(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            return path;
        }
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return "";
        }
        catch (Exception exception) when (FileProblem.Is(exception))
        {
            throw CliFailure.Failed($"{path}: {FileProblem.Of(exception, path)}");
        }
    }

    private static string Edit(MessagesClient client, string path, string settings, MessagesAccess access)
    {
        try
        {
            return client.Edit(settings, access);
        }
        catch (Exception exception) when (exception is Json5Exception or ArgumentException)
        {
            throw CliFailure.Failed($"{path} cannot be edited: {exception.Message}");
        }
    }

    private static PrivateFile Begin(string path)
    {
        try
        {
            // A link stays one: what it leads to is written.
            var target = Target(path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            return PrivateFile.Begin(target);
        }
        catch (Exception exception) when (FileProblem.Is(exception))
        {
            throw CliFailure.Failed($"{path}: {FileProblem.Of(exception, path)}");
        }
    }

    private static async Task<(string Secret, ClientToken Token)> MakeAsync(
        Invocation invocation, ConnectOptions options, string? known, CancellationToken cancellation)
    {
        if (known is not null && await RotateAsync(invocation, options, known, cancellation) is { } rotated)
            return (rotated.Secret, rotated.Token);
        await EnsureClientAsync(invocation, options, cancellation);
        var made = await invocation.Access.CreateTokenAsync(
            new CreateTokenRequest
            {
                Client = options.ClientOf(invocation),
                Label = System.Environment.MachineName,
                Ttl = PasteTokenCommand.Expiry(invocation.Get(options.Ttl)),
            },
            cancellationToken: cancellation);
        return (made.Secret, made.Token);
    }

    // Null: the token in the settings is not one of this server any more.
    private static async Task<RotateTokenResponse?> RotateAsync(
        Invocation invocation, ConnectOptions options, string tokenId, CancellationToken cancellation)
    {
        try
        {
            var ttl = PasteTokenCommand.Expiry(invocation.Get(options.Ttl));
            return await invocation.Access.RotateTokenAsync(
                new RotateTokenRequest { TokenId = tokenId, Ttl = ttl }, cancellationToken: cancellation);
        }
        catch (RpcException exception) when (ClawGrpcError.From(exception).Reason == ErrorReason.TokenNotFound)
        {
            return null;
        }
    }

    private static async Task EnsureClientAsync(Invocation invocation, ConnectOptions options, CancellationToken cancellation)
    {
        var agentId = invocation.AgentId;
        if (agentId.Length == 0)
        {
            var agents = await invocation.Auth.ListAgentsAsync(new ListAgentsRequest(), cancellationToken: cancellation);
            agentId = agents.Agents.FirstOrDefault(agent => agent.DefaultAgent)?.AgentId ?? "main";
        }

        var client = new V1.Client
        {
            Name = options.ClientOf(invocation),
            Scopes = { Scope.Complete, Scope.Status },
            Agents = { agentId },
        };
        try
        {
            await invocation.Access.AddClientAsync(new AddClientRequest { Client = client }, cancellationToken: cancellation);
        }
        catch (RpcException exception) when (ClawGrpcError.From(exception).Reason == ErrorReason.ClientExists)
        {
            // What it may do stays as it is.
        }
    }

    private static void Tell(Invocation invocation, MessagesClient client, ClientToken token, string where)
    {
        invocation.Error.Write($"Token {ClientText.Of(token, invocation.Environment.Time.GetUtcNow())}.\n{where}\n");
        if (client.Hint.Length > 0)
            invocation.Error.Write(client.Hint + "\n");
    }

    private static string Short(Invocation invocation, string path) => invocation.Environment.ShortPath(path);
}
