using System.Collections.Immutable;
using System.Globalization;
using ClawGrpc.Core.Accounting;

namespace ClawGrpc.Gateway.Stores;

/// <summary>Counted usage in one file for each month, so that a write is as long as a month and not as a year.</summary>
/// <param name="folder">The folder of the files; it need not exist.</param>
internal sealed class UsageFiles(string folder) : IDisposable
{
    private const string MonthFormat = "yyyy-MM";
    private readonly Dictionary<DateOnly, DocumentFile<ImmutableDictionary<UsageKey, UsageCounters>>> _months = [];

    /// <summary>All rows.</summary>
    /// <exception cref="StateUnreadableException">A file cannot be read or parsed.</exception>
    public ImmutableDictionary<UsageKey, UsageCounters> Read() => Months().Order()
        .SelectMany(month => FileOf(month).Read()).ToImmutableDictionary();

    /// <summary>Adds to the rows of a day, and removes the months that ended before a day.</summary>
    /// <exception cref="StateUnreadableException">The file of the month cannot be read or parsed, and stays as it is.</exception>
    /// <exception cref="StateNotWrittenException">It cannot be written.</exception>
    public async Task AddAsync(
        DateOnly day, IReadOnlyCollection<KeyValuePair<UsageKey, UsageCounters>> more, DateOnly keepFrom,
        CancellationToken cancellation)
    {
        await FileOf(FirstOf(day)).UpdateAsync(
            rows => rows.SetItems(
                more.Select(row => KeyValuePair.Create(row.Key, rows.GetValueOrDefault(row.Key) + row.Value))),
            cancellation);
        foreach (var old in Months().Where(month => month.AddMonths(1) <= keepFrom).ToList())
            File.Delete(PathOf(old));
    }

    public void Dispose()
    {
        lock (_months)
        {
            foreach (var month in _months.Values)
                month.Dispose();
        }
    }

    // Other files are not of this store.
    private IEnumerable<DateOnly> Months()
    {
        if (!Directory.Exists(folder))
            yield break;
        foreach (var file in Directory.EnumerateFiles(folder, "*.json"))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            if (DateOnly.TryParseExact(name, MonthFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var month))
                yield return month;
        }
    }

    private DocumentFile<ImmutableDictionary<UsageKey, UsageCounters>> FileOf(DateOnly month)
    {
        lock (_months)
        {
            if (_months.TryGetValue(month, out var known))
                return known;
            if (_months.Count == 0)
                AtomicFile.RemoveLeftovers(folder);
            var path = PathOf(month);
            return _months[month] = new DocumentFile<ImmutableDictionary<UsageKey, UsageCounters>>(
                path,
                text => UsageDocument.Read(text) is var (rows, error) && rows is not null
                    ? rows
                    : throw new StateUnreadableException(path, error!),
                UsageDocument.Write,
                ImmutableDictionary<UsageKey, UsageCounters>.Empty);
        }
    }

    private string PathOf(DateOnly month) =>
        Path.Join(folder, $"{month.ToString(MonthFormat, CultureInfo.InvariantCulture)}.json");

    private static DateOnly FirstOf(DateOnly day) => new(day.Year, day.Month, 1);
}
