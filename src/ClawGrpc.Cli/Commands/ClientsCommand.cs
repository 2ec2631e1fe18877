using System.CommandLine;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw clients</c>.</summary>
internal static class ClientsCommand
{
    public static Command Create(Globals globals) => new VerbGroup(
        "clients", "Who may call, and what", List(globals), Show(globals), Add(globals), Update(globals), Remove(globals),
        ClientTokenCommands.Create(globals));

    private static Command List(Globals globals)
    {
        var json = JsonOption();
        return globals.Command("list", "List the clients", [json], async (invocation, cancellation) =>
        {
            var clients = await AllAsync(invocation, cancellation);
            if (invocation.Get(json))
            {
                Json.WriteDocument(invocation.Out, writer =>
                {
                    writer.WriteStartArray();
                    clients.ForEach(client => ClientJson.Write(writer, client));
                    writer.WriteEndArray();
                });
                return 0;
            }

            invocation.Out.Write(clients.Count > 0 ? "Clients:\n" : "Clients:\n- none\n");
            foreach (var client in clients)
            {
                invocation.Out.Write($"- {client.Name}{(client.Configured ? " (configured)" : "")}\n");
                foreach (var line in ClientText.Lines(client).Append(ClientText.KnownBy(client)))
                    invocation.Out.Write($"  {line}\n");
            }

            invocation.Out.Flush();
            return 0;
        });
    }

    private static Command Show(Globals globals)
    {
        var (name, json) = (NameArgument(), JsonOption());
        return globals.Command("show", "Show a client and its tokens", [name, json], async (invocation, cancellation) =>
        {
            var client = await FindAsync(invocation, invocation.Get(name)!, cancellation);
            Write(invocation, client, invocation.Get(json), $"Client: {client.Name}{(client.Configured ? " (configured)" : "")}");
            return 0;
        });
    }

    private static Command Add(Globals globals)
    {
        var (name, json, options) = (NameArgument(), JsonOption(), new ClientOptions());
        return globals.Command("add", "Add a client", [name, .. options.All, json], async (invocation, cancellation) =>
        {
            var client = new V1.Client { Name = invocation.Get(name)!.Trim() };
            options.Apply(invocation, client);
            var request = new AddClientRequest { Client = client };
            var added = (await invocation.Access.AddClientAsync(request, cancellationToken: cancellation)).Client;
            Write(invocation, added, invocation.Get(json), $"Added client: {added.Name}");
            return 0;
        });
    }

    private static Command Update(Globals globals)
    {
        var (name, json, options) = (NameArgument(), JsonOption(), new ClientOptions());
        const string description = "Replace what the options name of a client; a blank value empties a list";
        return globals.Command("update", description, [name, .. options.All, json], async (invocation, cancellation) =>
        {
            if (!options.All.Any(invocation.Has))
                throw CliFailure.Failed("Nothing to update. Name what is to be replaced, such as --scope.");
            var client = await FindAsync(invocation, invocation.Get(name)!, cancellation);
            client.Tokens.Clear();
            client.CreateTime = null;
            client.Configured = false;
            options.Apply(invocation, client);
            var request = new UpdateClientRequest { Client = client };
            var updated = (await invocation.Access.UpdateClientAsync(request, cancellationToken: cancellation)).Client;
            Write(invocation, updated, invocation.Get(json), $"Updated client: {updated.Name}");
            return 0;
        });
    }

    private static Command Remove(Globals globals)
    {
        var (name, json) = (NameArgument(), JsonOption());
        var yes = Removal.YesOption();
        const string description = "Remove a client and its tokens; its calls under way end";
        return globals.Command("remove", description, [name, yes, json], async (invocation, cancellation) =>
        {
            var client = invocation.Get(name)!.Trim();
            var question = $"Remove client {client} and its tokens?";
            if (!await Removal.IsConfirmedAsync(invocation, yes, $"client {client}", question, cancellation))
            {
                invocation.Error.Write("Cancelled.\n");
                return 0;
            }

            var request = new RemoveClientRequest { Name = client };
            await invocation.Access.RemoveClientAsync(request, cancellationToken: cancellation);
            if (invocation.Get(json))
                Json.WriteText(invocation.Out, "removed", client);
            else
                invocation.Out.Write($"Removed client: {client}\n");
            return 0;
        });
    }

    public static Argument<string> NameArgument() => new("name") { Description = "Name of the client" };

    public static Option<bool> JsonOption() => new("--json") { Description = "Output JSON" };

    private static void Write(Invocation invocation, V1.Client client, bool json, string title)
    {
        if (json)
        {
            Json.WriteDocument(invocation.Out, writer => ClientJson.Write(writer, client));
            return;
        }

        var tokens = ClientText.Tokens(client, invocation.Environment.Time.GetUtcNow());
        foreach (var line in ClientText.Lines(client).Prepend(title).Append(ClientText.KnownBy(client)).Concat(tokens))
            invocation.Out.Write(line + "\n");
        invocation.Out.Flush();
    }

    private static async Task<List<V1.Client>> AllAsync(Invocation invocation, CancellationToken cancellation)
    {
        var clients = new List<V1.Client>();
        var request = new ListClientsRequest { PageSize = 1000 };
        do
        {
            var page = await invocation.Access.ListClientsAsync(request, cancellationToken: cancellation);
            clients.AddRange(page.Clients);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return clients;
    }

    private static async Task<V1.Client> FindAsync(Invocation invocation, string name, CancellationToken cancellation) =>
        (await AllAsync(invocation, cancellation)).Find(client => client.Name == name.Trim())
            ?? throw CliFailure.Failed($"Unknown client \"{name.Trim()}\". Use \"claw clients list\" to see the clients.");
}
