using System.Collections.Immutable;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Accounting;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// Where the state is kept: the profiles of every agent, and the configuration. Other processes may read and write the same
/// state. One object for each state in a process; safe for any number of callers at once. <c>StateStoreContract</c> of the tests
/// is what every implementation must do.
/// </summary>
internal interface IStateStore
{
    /// <summary>
    /// Whether other servers work on the same state at the same time: what this one learns must reach them before their next
    /// call.
    /// </summary>
    bool IsShared { get; }

    /// <summary>What is wrong with the store itself, as sentences for every status; empty if nothing is.</summary>
    IReadOnlyList<string> Problems { get; }

    /// <summary>Raised when there are other <see cref="Problems"/>.</summary>
    event Action? ProblemsChanged;

    /// <summary>Since when what keeps the state cannot be reached; null if it can, or if that cannot be told.</summary>
    DateTimeOffset? AwaySince { get; }

    /// <summary>The agents that have stored state, by id.</summary>
    IReadOnlyList<string> AgentIds { get; }

    /// <summary>
    /// Where an agent's profiles are, for people and for <see cref="WatchAsync"/>: of files, the absolute path.
    /// </summary>
    string PlaceOf(string agentId);

    /// <summary>
    /// The number of what was read or written last of an agent's profiles or the configuration, which grows with every change and
    /// is the same for every server, in microseconds since 1970; 0 if the store counts none.
    /// </summary>
    long RevisionOf(string agentId);

    /// <summary>
    /// Prepares an agent before its first use: removes what a crash left, and imports the credentials of older formats.
    /// </summary>
    /// <exception cref="StateUnreadableException">An older format cannot be read. The agent can be used without it.</exception>
    /// <exception cref="StateNotWrittenException">The import cannot be stored. The agent can be used without it.</exception>
    Task OpenAsync(string agentId);

    /// <summary>What is stored now; the same object as long as the stored state is the same.</summary>
    /// <exception cref="StateUnreadableException">The stored state cannot be read or parsed.</exception>
    ValueTask<ProfileStore> ReadAsync(string agentId, CancellationToken cancellation = default);

    /// <summary>
    /// Changes an agent's profiles as <paramref name="decide"/> says. Stored durably when it returns; nothing is written if
    /// nothing changes.
    /// </summary>
    /// <param name="agentId">The agent.</param>
    /// <param name="decide">
    /// From the newest stored profiles to the changes. Called again if another process wrote in between. It must not wait for
    /// anything: other writers wait for it. What it throws is passed on, and nothing is changed.
    /// </param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <returns>The profiles after the change.</returns>
    /// <exception cref="StateUnreadableException">The stored state cannot be read or parsed, and is left as it is.</exception>
    /// <exception cref="StateNotWrittenException">The changes cannot be stored; nothing was changed.</exception>
    Task<ProfileStore> UpdateAsync(
        string agentId, Func<ProfileStore, IReadOnlyList<StoreChange>> decide, CancellationToken cancellation = default);

    /// <summary>The origin that each profile of an agent belongs to, by id; empty if none is stored.</summary>
    /// <exception cref="StateUnreadableException">It cannot be read or parsed.</exception>
    ValueTask<ImmutableDictionary<string, string>> ReadOriginsAsync(
        string agentId, CancellationToken cancellation = default);

    /// <summary>Changes the origins. Stored durably when it returns; nothing is written if nothing changes.</summary>
    /// <param name="agentId">The agent.</param>
    /// <param name="decide">
    /// From the newest stored origins to the new ones. Called again if another process wrote in between.
    /// </param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <exception cref="StateUnreadableException">They cannot be read or parsed, and are left as they are.</exception>
    /// <exception cref="StateNotWrittenException">They cannot be stored; nothing was changed.</exception>
    Task UpdateOriginsAsync(
        string agentId,
        Func<ImmutableDictionary<string, string>, ImmutableDictionary<string, string>> decide,
        CancellationToken cancellation = default);

    /// <summary>Where the clients are, for people and for <see cref="WatchAsync"/>: of files, the absolute path.</summary>
    string ClientsPlace { get; }

    /// <summary>The clients that were created, and the tokens of all; none if nothing is stored.</summary>
    /// <exception cref="StateUnreadableException">They cannot be read or parsed.</exception>
    ValueTask<StoredClients> ReadClientsAsync(CancellationToken cancellation = default);

    /// <summary>Changes the clients. Stored durably when it returns.</summary>
    /// <param name="decide">
    /// From the newest stored clients to the new ones; the same object to change nothing. Called again if another process wrote
    /// in between. What it throws is passed on, and nothing is changed.
    /// </param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <exception cref="StateUnreadableException">They cannot be read or parsed, and are left as they are.</exception>
    /// <exception cref="StateNotWrittenException">They cannot be stored; nothing was changed.</exception>
    Task<StoredClients> UpdateClientsAsync(
        Func<StoredClients, StoredClients> decide, CancellationToken cancellation = default);

    /// <summary>What clients have spent of their budgets, by name; empty if nothing is stored.</summary>
    /// <exception cref="StateUnreadableException">It cannot be read or parsed.</exception>
    ValueTask<ImmutableDictionary<string, Spending>> ReadSpendingAsync(CancellationToken cancellation = default);

    /// <summary>Changes what they have spent. Stored durably when it returns.</summary>
    /// <param name="decide">
    /// From what is stored to what is to be stored. Called again if another process wrote in between.
    /// </param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <exception cref="StateUnreadableException">It cannot be read or parsed, and is left as it is.</exception>
    /// <exception cref="StateNotWrittenException">It cannot be stored; nothing was changed.</exception>
    Task UpdateSpendingAsync(
        Func<ImmutableDictionary<string, Spending>, ImmutableDictionary<string, Spending>> decide,
        CancellationToken cancellation = default);

    /// <summary>All usage that was counted; empty if nothing is stored.</summary>
    /// <exception cref="StateUnreadableException">It cannot be read or parsed.</exception>
    ValueTask<ImmutableDictionary<UsageKey, UsageCounters>> ReadUsageAsync(CancellationToken cancellation = default);

    /// <summary>Adds to the usage of a day, all of it or nothing. Stored durably when it returns.</summary>
    /// <param name="day">The day of all rows.</param>
    /// <param name="more">What is added to each row.</param>
    /// <param name="keepFrom">What is older may be forgotten.</param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <exception cref="StateUnreadableException">It cannot be read or parsed, and is left as it is.</exception>
    /// <exception cref="StateNotWrittenException">It cannot be stored; nothing was changed.</exception>
    Task AddUsageAsync(
        DateOnly day, IReadOnlyCollection<KeyValuePair<UsageKey, UsageCounters>> more, DateOnly keepFrom,
        CancellationToken cancellation = default);

    /// <summary>Keeps usage that could not be stored when the server stops. The next start stores it.</summary>
    /// <param name="rows">All that is not stored.</param>
    /// <returns>Where it is kept; null if there is no place.</returns>
    /// <exception cref="IOException">It cannot be kept.</exception>
    string? KeepUsage(IReadOnlyCollection<KeyValuePair<UsageKey, UsageCounters>> rows);

    /// <summary>
    /// Tells other servers which profiles served sessions here, and takes up what they told since the last time; none if there
    /// are no others.
    /// </summary>
    /// <param name="mine">The newest of each session.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="StateNotWrittenException">They cannot be told.</exception>
    Task<IReadOnlyList<SessionPin>> ExchangePinsAsync(
        IReadOnlyCollection<SessionPin> mine, CancellationToken cancellation = default);

    /// <summary>
    /// Waits for the exclusive right to refresh a login. Of all holders of one store, in any process, one has it at a time; it
    /// ends when disposed, or some time after its process has died. It excludes neither updates nor programs other than ClawGrpc,
    /// so what was granted under it must be stored by a comparison with what is stored then.
    /// </summary>
    /// <exception cref="StateNotWrittenException">Another process keeps the lease.</exception>
    Task<IAsyncDisposable> LeaseAsync(string agentId, string profileId, CancellationToken cancellation = default);

    /// <summary>
    /// Where this server keeps what was granted for an agent's logins until it is stored; null if the state itself is as near.
    /// </summary>
    GrantedFile? GrantedOf(string agentId);

    /// <summary>Where a configuration document is, for people: of files, the path itself.</summary>
    /// <param name="path">As for <see cref="ReadConfiguration"/>.</param>
    string PlaceOfConfiguration(string path);

    /// <summary>The text of a configuration document; null if there is none.</summary>
    /// <param name="path">The configuration's path, or that of a document that it includes.</param>
    /// <exception cref="StateUnreadableException">It cannot be read.</exception>
    string? ReadConfiguration(string path);

    /// <summary>Edits a configuration document. Stored durably when it returns; nothing is written if nothing changes.</summary>
    /// <param name="path">As for <see cref="ReadConfiguration"/>.</param>
    /// <param name="edit">
    /// From the newest text (null if there is no document) to the new one. Called again if another process wrote in between. What
    /// it throws is passed on, and nothing is changed.
    /// </param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <exception cref="StateUnreadableException">It cannot be read, and is left as it is.</exception>
    /// <exception cref="StateNotWrittenException">It cannot be stored; nothing was changed.</exception>
    Task EditConfigurationAsync(string path, Func<string?, string> edit, CancellationToken cancellation = default);

    /// <summary>
    /// The places of opened agents, of the clients and of configuration documents that were read, as they change, whoever changes
    /// them. Several changes in a row may come as one, and a place may come without a change. For one reader.
    /// </summary>
    IAsyncEnumerable<string> WatchAsync(CancellationToken cancellation);
}
