using ClawGrpc.Core.Access;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Postgres;
using ClawGrpc.Server.Access;

namespace ClawGrpc.Server.Hosting;

/// <summary>The lines of the audit that no call causes.</summary>
internal static class AuditWiring
{
    private const string Why = "why";

    /// <summary>Begins with the line of the start; from then on, changes of the configuration are noted.</summary>
    public static async Task StartAsync(IServiceProvider services)
    {
        var audit = services.GetRequiredService<AuditLog>();
        var configuration = services.GetRequiredService<LiveConfiguration>();
        var time = services.GetRequiredService<TimeProvider>();
        await audit.StartAsync();
        configuration.Changed += Note;
        Note();

        // Every agent's status says whether the audit can be written, and whether the state can be.
        var fleet = services.GetRequiredService<Fleet>();
        audit.ProblemChanged += Publish;
        services.GetRequiredService<IStateStore>().ProblemsChanged += Publish;
        fleet.Unopened += (agentId, profile) => audit.Note(OfServer(AuditEvent.Unopened) with
        {
            Agent = agentId,
            Profile = profile.Id,
            Outcome = "refused",
            Details = [(Why, profile.Credential.SealProblem!)],
        });
        if (services.GetService<PostgresStore>() is { } shared)
        {
            shared.ReplicaGone += replica => audit.Note(OfServer(AuditEvent.Gone) with
            {
                Details = [("replica", replica.Name), ("since", replica.SeenText), (Why, GoneReplica.Missing)],
            });
        }

        AuditEntry OfServer(AuditEvent what) => new(what, time.GetUtcNow(), AuditActor.Server);

        void Publish()
        {
            foreach (var agent in fleet.Awake)
                agent.Feed.Publish();
        }

        void Note()
        {
            var errors = configuration.Current.Errors;
            audit.Note(OfServer(AuditEvent.Configuration) with
            {
                Outcome = errors.IsEmpty ? "ok" : "refused",
                Reason = errors.IsEmpty ? "" : "CONFIGURATION_INVALID",
                Details = errors.IsEmpty
                    ? [("path", configuration.Place)]
                    : [("path", errors[0].File), ("line", $"{errors[0].Line}"), ("key_path", errors[0].KeyPath)],
            });
        }
    }

    /// <summary>Makes the admin token, unless the audit cannot be written: then there is none, and the log says so.</summary>
    public static async Task EnsureAdminTokenAsync(IServiceProvider services)
    {
        try
        {
            await AdminToken.EnsureAsync(
                services.GetRequiredService<Clients>(), services.GetRequiredService<StateFolder>(),
                services.GetRequiredService<AuditLog>(), services.GetRequiredService<TimeProvider>());
        }
        catch (RefusedException)
        {
            // The audit has logged why.
        }
    }
}
