using System.Text;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Server.Access;

/// <summary>
/// A token of the operator, in a file of the state folder that is its owner's alone: <c>claw</c> finds it there and so can use a
/// loopback port. Who can read the file can read the credentials beside it.
/// </summary>
internal static class AdminToken
{
    private const string Name = "admin";

    /// <summary>Makes the token unless the file holds one that is valid.</summary>
    /// <exception cref="StateUnreadableException">The file, or that of the clients, cannot be read.</exception>
    /// <exception cref="StateNotWrittenException">One of them cannot be written.</exception>
    /// <exception cref="RefusedException">The audit cannot be written. There is no token then.</exception>
    public static async Task EnsureAsync(Clients clients, StateFolder folder, AuditLog audit, TimeProvider time)
    {
        var path = folder.AdminTokenPath;
        if (WholeFile.Read(path) is { } content && clients.ProofOf(Encoding.UTF8.GetString(content).Trim()) is { } proof
            && clients.Find(proof).Caller is not null)
        {
            return;
        }

        var entry = new AuditEntry(AuditEvent.Change, time.GetUtcNow(), AuditActor.Server)
        {
            Outcome = "intent",
            RequestId = "start",
            Details = [("client", Name), ("label", path)],
        };
        await audit.WriteAsync(entry, CancellationToken.None);
        await MakeAsync(clients, path);
        await audit.WriteAsync(entry with { Time = time.GetUtcNow(), Outcome = "ok" }, CancellationToken.None);
    }

    private static async Task MakeAsync(Clients clients, string path)
    {
        if (clients.Directory.Find(Name) is null)
        {
            var admin = new Client { Name = Name, Scopes = Scopes.All, Agents = [Client.AnyAgent] };
            await clients.AddAsync(admin, CancellationToken.None);
        }

        // Those of files that are gone or were replaced.
        foreach (var old in clients.Directory.Find(Name)!.Tokens.Where(token => token.Label == path))
            await clients.RevokeTokenAsync(old.Id, CancellationToken.None);
        var wanted = new ClientToken { Id = "", Label = path.Length <= 100 ? path : StateFolderLabel, Generations = [] };
        var (token, _) = await clients.CreateTokenAsync(Name, wanted, null, CancellationToken.None);
        await AtomicFile.WriteAsync(path, Encoding.ASCII.GetBytes($"{token.Reveal()}\n"));
    }

    private const string StateFolderLabel = "of the state folder";
}
