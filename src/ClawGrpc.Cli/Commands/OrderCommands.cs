using System.CommandLine;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models auth order get|set|clear</c>.</summary>
internal static class OrderCommands
{
    public static Command Create(Globals globals) => new VerbGroup(
        "order", "Manage per-agent auth profile order overrides", Get(globals), Set(globals), Clear(globals));

    private static Command Get(Globals globals)
    {
        var provider = ProviderOption.Create();
        var json = new Option<bool>("--json") { Description = "Output JSON" };
        const string description = "Show per-agent auth order override (from auth-profiles.json)";
        return globals.Command("get", description, [provider, json], async (invocation, cancellation) =>
        {
            var request = new GetProfileOrderRequest
            {
                AgentId = invocation.AgentId,
                Provider = ProviderOption.Required(invocation, provider),
            };
            var order = (await invocation.Auth.GetProfileOrderAsync(request, cancellationToken: cancellation)).Order;
            if (invocation.Get(json))
                WriteJson(invocation, order);
            else
                Write(invocation, order, $"Auth file: {invocation.Environment.ShortPath(order.StorePath)}", Override(order));
            return 0;
        });
    }

    private static Command Set(Globals globals)
    {
        var provider = ProviderOption.Create();
        var ids = new Argument<string[]>("profileIds")
        {
            Description = "Auth profile ids (e.g. anthropic:default)",
            Arity = ArgumentArity.OneOrMore,
        };
        const string description = "Set per-agent auth order override (locks rotation to this list)";
        return globals.Command("set", description, [ids, provider], async (invocation, cancellation) =>
        {
            var request = new SetProfileOrderRequest
            {
                AgentId = invocation.AgentId,
                Provider = ProviderOption.Required(invocation, provider),
            };
            request.ProfileIds.Add((invocation.Get(ids) ?? []).Select(id => id.Trim()).Where(id => id.Length > 0));
            if (request.ProfileIds.Count == 0)
                throw CliFailure.Failed("Missing profile ids. Provide one or more profile ids.");
            var order = (await invocation.Auth.SetProfileOrderAsync(request, cancellationToken: cancellation)).Order;
            Write(invocation, order, Override(order));
            return 0;
        });
    }

    private static Command Clear(Globals globals)
    {
        var provider = ProviderOption.Create();
        const string description = "Clear per-agent auth order override (fall back to config/round-robin)";
        return globals.Command("clear", description, [provider], async (invocation, cancellation) =>
        {
            var request = new ClearProfileOrderRequest
            {
                AgentId = invocation.AgentId,
                Provider = ProviderOption.Required(invocation, provider),
            };
            var order = (await invocation.Auth.ClearProfileOrderAsync(request, cancellationToken: cancellation)).Order;
            Write(invocation, order, "Cleared per-agent order override.");
            return 0;
        });
    }

    private static string Override(ProfileOrder order) =>
        $"Order override: {(order.ProfileIds.Count > 0 ? string.Join(", ", order.ProfileIds) : "(none)")}";

    private static void Write(Invocation invocation, ProfileOrder order, params string[] lines)
    {
        string[] all = [$"Agent: {order.AgentId}", $"Provider: {order.Provider}", .. lines];
        foreach (var line in all)
            invocation.Out.Write(line + "\n");
        invocation.Out.Flush();
    }

    private static void WriteJson(Invocation invocation, ProfileOrder order) => Json.WriteDocument(invocation.Out, json =>
    {
        json.WriteStartObject();
        json.WriteString("agentId", order.AgentId);
        json.WriteString("agentDir", order.AgentDir);
        json.WriteString("provider", order.Provider);
        json.WriteString("authStorePath", invocation.Environment.ShortPath(order.StorePath));
        if (order.ProfileIds.Count > 0)
            json.WriteStrings("order", order.ProfileIds);
        else
            json.WriteNull("order");
        json.WriteEndObject();
    });
}
