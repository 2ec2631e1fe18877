using System.CommandLine;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw clients token create|rotate|revoke</c>.</summary>
internal static class ClientTokenCommands
{
    public static Command Create(Globals globals) => new VerbGroup(
        "token", "The tokens of clients", CreateToken(globals), Rotate(globals), Revoke(globals));

    private static Command CreateToken(Globals globals)
    {
        var (name, life, output) = (ClientsCommand.NameArgument(), new LifeOptions(), new SecretOutput());
        var label = new Option<string?>("--label") { Description = "What you call it", HelpName = "text" };
        var agent = new Option<string?>("--bind-agent") { Description = "The one agent that it is for", HelpName = "id" };
        var session = new Option<string?>("--bind-session") { Description = "The one session that it is for", HelpName = "id" };
        const string description = "Make a token for a client; it is shown this once";
        Symbol[] symbols = [name, label, .. life.All, agent, session, .. output.All];
        return globals.Command("create", description, symbols, (invocation, cancellation) =>
        {
            var request = new CreateTokenRequest
            {
                Client = invocation.Get(name)!.Trim(),
                Label = invocation.Get(label) ?? "",
                Ttl = PasteTokenCommand.Expiry(invocation.Get(life.Ttl)),
                NoExpiry = invocation.Get(life.NoExpiry),
                AgentId = invocation.Get(agent) ?? "",
                SessionId = invocation.Get(session) ?? "",
            };
            return output.RunAsync(invocation, replaces: false, async () =>
            {
                var response = await invocation.Access.CreateTokenAsync(request, cancellationToken: cancellation);
                return (response.Secret, response.Token);
            });
        });
    }

    private static Command Rotate(Globals globals)
    {
        var (token, life, output) = (TokenArgument(), new LifeOptions(), new SecretOutput());
        var grace = new Option<string?>("--grace")
        {
            Description = "How long the secret of now stays valid; 0: not at all (default: 24h)",
            HelpName = "duration",
        };
        const string description = "Give a token a new secret; it is shown this once";
        Symbol[] symbols = [token, grace, .. life.All, .. output.All];
        return globals.Command("rotate", description, symbols, (invocation, cancellation) =>
        {
            var request = new RotateTokenRequest
            {
                TokenId = invocation.Get(token)!.Trim(),
                Grace = PasteTokenCommand.Expiry(invocation.Get(grace)),
                Ttl = PasteTokenCommand.Expiry(invocation.Get(life.Ttl)),
                NoExpiry = invocation.Get(life.NoExpiry),
            };
            return output.RunAsync(invocation, replaces: true, async () =>
            {
                var response = await invocation.Access.RotateTokenAsync(request, cancellationToken: cancellation);
                return (response.Secret, response.Token);
            });
        });
    }

    private static Command Revoke(Globals globals)
    {
        var (token, json) = (TokenArgument(), ClientsCommand.JsonOption());
        const string description = "End a token; the calls under way that it carries end too";
        return globals.Command("revoke", description, [token, json], async (invocation, cancellation) =>
        {
            var request = new RevokeTokenRequest { TokenId = invocation.Get(token)!.Trim() };
            await invocation.Access.RevokeTokenAsync(request, cancellationToken: cancellation);
            if (invocation.Get(json))
                Json.WriteText(invocation.Out, "revoked", request.TokenId);
            else
                invocation.Out.Write($"Revoked token: {request.TokenId}\n");
            return 0;
        });
    }

    private static Argument<string> TokenArgument() => new("tokenId")
    {
        Description = "Id of the token: the twelve characters after claw_, as claw clients show prints them",
    };

    private sealed record LifeOptions
    {
        public Option<string?> Ttl { get; } = new("--ttl")
        {
            Description = "How long it is valid, such as 2h (default: 90d)",
            HelpName = "duration",
        };

        public Option<bool> NoExpiry { get; } = new("--no-expiry") { Description = "It never ends by itself" };

        public IEnumerable<Option> All => [Ttl, NoExpiry];
    }
}
