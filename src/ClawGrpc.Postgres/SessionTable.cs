using ClawGrpc.Gateway.Stores;
using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>Which profile last served each session, so that a session is served alike by every replica.</summary>
internal sealed class SessionTable(Database database)
{
    private const string Put = """
        INSERT INTO clawgrpc.session_pin AS pin (session, profile, used)
        SELECT session, profile, clock_timestamp() FROM unnest($1::bytea[], $2::text[]) AS given (session, profile)
        ON CONFLICT (session) DO UPDATE SET profile = excluded.profile, used = excluded.used
        """;

    // What was committed late, with an earlier time, is seen by the overlap.
    private const string Take = """
        SELECT session, profile, used FROM clawgrpc.session_pin
        WHERE used > $1::timestamptz - interval '2 seconds' ORDER BY used DESC LIMIT 100000
        """;

    private const string Forget = "DELETE FROM clawgrpc.session_pin WHERE used < clock_timestamp() - interval '1 hour'";

    private DateTime _seen = DateTime.UnixEpoch;

    /// <summary>Stores these, and gives those that were stored since the last time. The newest of a session counts.</summary>
    /// <exception cref="DatabaseException">The database is away.</exception>
    public Task<IReadOnlyList<SessionPin>> ExchangeAsync(
        IReadOnlyCollection<SessionPin> mine, CancellationToken cancellation) => database.RunAsync<IReadOnlyList<SessionPin>>(
        async connection =>
        {
            if (mine.Count > 0)
            {
                // In one order, so that replicas never wait for each other in a circle.
                var ordered = mine.OrderBy(pin => pin.Session).ToList();
                await using var put = new NpgsqlCommand(Put, connection)
                {
                    Parameters =
                    {
                        new() { Value = ordered.Select(pin => pin.ToBytes()).ToArray() },
                        new() { Value = ordered.Select(pin => pin.ProfileId).ToArray() },
                    },
                };
                await put.ExecuteNonQueryAsync(cancellation);
                await using var forget = new NpgsqlCommand(Forget, connection);
                await forget.ExecuteNonQueryAsync(cancellation);
            }

            var (pins, newest) = (new List<SessionPin>(), _seen);
            await using var take = new NpgsqlCommand(Take, connection) { Parameters = { new() { Value = _seen } } };
            await using var reader = await take.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                pins.Add(SessionPin.Of(reader.GetFieldValue<byte[]>(0), reader.GetString(1)));
                newest = reader.GetDateTime(2) is var used && used > newest ? used : newest;
            }

            _seen = newest;
            return pins;
        },
        cancellation);
}
