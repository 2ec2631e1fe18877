using System.CommandLine;
using System.Text.Json;
using ClawGrpc.Cli.Completing;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.Client;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw contexts</c>: servers by name, with the files of their tokens. Calls no server.</summary>
internal static class ContextsCommand
{
    public static Command Create(Globals globals) => Globals.Group(
        "contexts", "Named servers with their tokens", List(globals), Add(globals), Use(globals), Show(globals), Remove(globals));

    private static Command List(Globals globals)
    {
        var json = new Option<bool>("--json") { Description = "Output JSON" };
        return globals.Command("list", "List contexts", [json], (invocation, _) =>
        {
            var file = ContextFile.Read(invocation.Environment);
            if (invocation.Get(json))
                Json.WriteDocument(invocation.Out, writer => Write(writer, file));
            else
                WriteText(invocation, file);
            invocation.Out.Flush();
            return Task.FromResult(0);
        });
    }

    private static Command Add(Globals globals)
    {
        var name = new Argument<string>("name") { Description = "Context" };
        var server = new Option<string?>("--server") { Description = "Server, required", HelpName = "unix:PATH|URL" };
        var stdin = new Option<bool>("--token-stdin") { Description = "Store a token from standard input, or a prompt" };
        const string description = "Add a context; --token-file, --ca and --agent become a part of it";
        return globals.Command("add", description, [name, server, stdin], async (invocation, cancellation) =>
        {
            var given = invocation.Get(name)!;
            if (ServerContext.ProblemOf(given) is { } problem)
                throw CliFailure.Failed(problem);
            var file = ContextFile.Read(invocation.Environment);
            if (file.All.Any(other => other.Name == given))
                throw CliFailure.Failed($"There is a context \"{given}\" already. Remove it first: claw contexts remove {given}");
            var endpoint = EndpointOf(invocation.Get(server));
            var context = new ServerContext(given, endpoint.ToString())
            {
                TokenFile = FileOf(invocation, globals.TokenFile),
                CaFile = FileOf(invocation, globals.Ca),
                Agent = invocation.Get(globals.Agent)?.Trim() is { Length: > 0 } agent ? agent : null,
            };
            if (context.TokenFile is not null || invocation.Get(stdin))
                RefuseInTheClear(endpoint);
            if (invocation.Get(stdin))
            {
                if (context.TokenFile is not null)
                    throw CliFailure.Failed("Choose either --token-file or --token-stdin, not both.");
                var token = await TokenAsync(invocation, cancellation);
                context = context with { TokenFile = file.TokenPathOf(given) };
                ContextFile.WritePrivate(context.TokenFile, token + "\n");
            }

            file.With(context).Write();
            invocation.Out.Write($"Added context: {given} ({context.Server})\n");
            invocation.Out.Flush();
            if (file.Current != given)
                invocation.Error.Write($"Next: claw contexts use {given}\n");
            return 0;
        });
    }

    private static Command Use(Globals globals)
    {
        var name = NameArgument("Context; default: none of them");
        name.CompletionSources.Add(ServerContext.NoName);
        return globals.Command("use", "Choose the context of commands that name none", [name], (invocation, _) =>
        {
            var given = invocation.Get(name)!;
            var file = ContextFile.Read(invocation.Environment);
            file.Using(given == ServerContext.NoName ? null : file.Find(given).Name).Write();
            invocation.Out.Write($"Context: {given}\n");
            invocation.Out.Flush();
            if (Target.Override(invocation.Environment) is { } variable)
                invocation.Error.Write($"Note: {variable} is set and counts more.\n");
            return Task.FromResult(0);
        });
    }

    private static Command Show(Globals globals)
    {
        var name = new Argument<string?>("name")
        {
            Description = "Context (default: the current one)",
            Arity = ArgumentArity.ZeroOrOne,
            CompletionSources = { CompletedNames.OfContexts },
        };
        var json = new Option<bool>("--json") { Description = "Output JSON" };
        return globals.Command("show", "Show a context, without its token", [name, json], (invocation, _) =>
        {
            var file = ContextFile.Read(invocation.Environment);
            var context = file.Find(invocation.Get(name) ?? file.Current
                ?? throw CliFailure.Failed("No context is chosen. See claw contexts list."));
            if (invocation.Get(json))
            {
                Json.WriteDocument(invocation.Out, writer => Write(writer, file, context));
                return Task.FromResult(0);
            }

            var shorten = invocation.Environment.ShortPath;
            invocation.Out.Write($"Context: {context.Name}{(file.Current == context.Name ? " (current)" : "")}\n");
            invocation.Out.Write($"Server: {context.Server}\n");
            invocation.Out.Write($"Token: {TokenOf(file, context, shorten)}\n");
            invocation.Out.Write($"CA: {(context.CaFile is { } ca ? shorten(ca) : "the system's")}\n");
            invocation.Out.Write($"Agent: {context.Agent ?? "the default one"}\n");
            invocation.Out.Flush();
            return Task.FromResult(0);
        });
    }

    private static Command Remove(Globals globals)
    {
        var name = NameArgument("Context");
        var yes = Removal.YesOption();
        return globals.Command("remove", "Remove a context and its stored token", [name, yes], async (invocation, cancellation) =>
        {
            var file = ContextFile.Read(invocation.Environment);
            var context = file.Find(invocation.Get(name)!);
            var isStored = IsStored(file, context);

            // A token is shown once, when it is made: a stored one may be the only copy.
            var what = $"context {context.Name} and its stored token";
            if (isStored && !await Removal.IsConfirmedAsync(invocation, yes, what, $"Remove {what}?", cancellation))
            {
                invocation.Out.Write("Cancelled.\n");
                return 0;
            }

            file.Without(context.Name).Write();
            if (isStored)
                File.Delete(context.TokenFile!);
            invocation.Out.Write($"Removed context: {context.Name}\n");
            invocation.Out.Flush();
            if (file.Current == context.Name)
                invocation.Error.Write("Note: no context is chosen now.\n");
            return 0;
        });
    }

    // The help shows the name, and not what completes it.
    private static Argument<string> NameArgument(string description) => new("name")
    {
        Description = description,
        HelpName = "name",
        CompletionSources = { CompletedNames.OfContexts },
    };

    private static ClawGrpcEndpoint EndpointOf(string? server)
    {
        if (string.IsNullOrWhiteSpace(server))
            throw CliFailure.Verbatim("error: required option '--server <unix:PATH|URL>' not specified");
        try
        {
            // A relative path of a socket becomes absolute.
            return ClawGrpcEndpoint.Parse(server);
        }
        catch (FormatException exception)
        {
            throw CliFailure.Failed(exception.Message);
        }
    }

    // No call would show it there.
    private static void RefuseInTheClear(ClawGrpcEndpoint endpoint)
    {
        if (endpoint is { SocketPath: null, Address: { Scheme: "http", IsLoopback: false } })
        {
            throw CliFailure.Failed(
                $"{endpoint} takes no token: without TLS everybody on the way could read it. Name https://"
                + $"{endpoint.Address.Authority}, or add the context without a token.");
        }
    }

    private static string? FileOf(Invocation invocation, Option<string?> option)
    {
        if (invocation.Get(option)?.Trim() is not { Length: > 0 } given)
            return null;
        var path = Path.GetFullPath(given);
        return File.Exists(path) ? path : throw CliFailure.Failed($"There is no file {path} ({option.Name}).");
    }

    private static async Task<string> TokenAsync(Invocation invocation, CancellationToken cancellation)
    {
        var token = invocation.Environment.InputIsTerminal
            ? await Prompts.SecretAsync(invocation.Environment.PromptConsole(), "Paste the token", cancellation)
            : await Secrets.FromInputAsync(invocation.Environment.In, cancellation);
        token = token.Trim();
        if (token.Length == 0)
            throw CliFailure.Failed("No token on standard input.");

        // Each call would show it to the server.
        if (token.Contains("sk-ant-", StringComparison.Ordinal))
        {
            throw CliFailure.Failed(
                "This is a credential of Anthropic. Expected a token of the server: claw clients token create NAME");
        }

        return token.All(character => character is > ' ' and <= '~')
            ? token
            : throw CliFailure.Failed("A token is one line of printable ASCII.");
    }

    private static bool IsStored(ContextFile file, ServerContext context) => context.TokenFile == file.TokenPathOf(context.Name);

    private static string TokenOf(ContextFile file, ServerContext context, Func<string, string> shorten) =>
        context.TokenFile is not { } path ? "none" : IsStored(file, context) ? "stored" : shorten(path);

    private static void WriteText(Invocation invocation, ContextFile file)
    {
        if (file.All.Count == 0)
            invocation.Out.Write("No contexts. Add one: claw contexts add NAME --server URL\n");
        var width = file.All.Select(context => context.Name.Length).DefaultIfEmpty().Max();
        foreach (var context in file.All)
        {
            var mark = file.Current == context.Name ? '*' : ' ';
            var token = TokenOf(file, context, invocation.Environment.ShortPath);
            invocation.Out.Write($"{mark} {context.Name.PadRight(width)}  {context.Server}  token: {token}\n");
        }

        invocation.Out.Flush();
        if (file.Current is not null && Target.Override(invocation.Environment) is { } variable)
            invocation.Error.Write($"Note: {variable} is set and counts more.\n");
    }

    private static void Write(Utf8JsonWriter json, ContextFile file)
    {
        json.WriteStartObject();
        json.WriteString("current", file.Current);
        json.WriteStartArray("contexts");
        foreach (var context in file.All)
            Write(json, file, context);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ContextFile file, ServerContext context)
    {
        json.WriteStartObject();
        json.WriteString("name", context.Name);
        json.WriteString("server", context.Server);
        json.WriteBoolean("storedToken", IsStored(file, context));
        json.WriteOptional("tokenFile", context.TokenFile ?? "");
        json.WriteOptional("caFile", context.CaFile ?? "");
        json.WriteOptional("agent", context.Agent ?? "");
        json.WriteBoolean("current", file.Current == context.Name);
        json.WriteEndObject();
    }
}
