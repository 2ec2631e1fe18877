using System.Collections.Immutable;
using System.Text;

namespace ClawGrpc.Gateway.Status;

/// <summary>
/// Keeps a status below 1 MB, whatever the files hold: gRPC clients read messages of 4 MB at most, and a watcher gets the whole
/// status after each change.
/// </summary>
internal static class StatusBudget
{
    /// <summary>Bytes of all that is set aside.</summary>
    public const int OfUnusable = 230_000;

    /// <summary>Bytes of the profiles.</summary>
    public const int OfProfiles = 400_000;

    /// <summary>Bytes of the providers, with the labels of their profiles.</summary>
    public const int OfProviders = 200_000;

    /// <summary>Bytes of the labels of one provider's profiles.</summary>
    public const int OfLabels = 160_000;

    /// <summary>Bytes of what providers expire at, and of the names of those that have logins.</summary>
    public const int OfNames = 25_000;

    // Numbers, times and the marks between them.
    private const int PerEntry = 60;
    private const int PerText = 4;

    /// <summary>As many as fit, in their order.</summary>
    /// <param name="all">All that there are.</param>
    /// <param name="most">The budget in bytes.</param>
    /// <param name="sizeOf">The size of one in bytes, as <see cref="SizeOf"/> counts them.</param>
    /// <param name="isLast">Which of them yield to all others; null if their order alone decides.</param>
    public static ImmutableArray<T> Fitting<T>(
        ImmutableArray<T> all, int most, Func<T, int> sizeOf, Func<T, bool>? isLast = null)
    {
        var fits = new bool[all.Length];
        var left = most;
        foreach (var index in Enumerable.Range(0, all.Length).OrderBy(index => isLast?.Invoke(all[index]) ?? false))
        {
            var size = sizeOf(all[index]);
            fits[index] = size <= left;
            if (fits[index])
                left -= size;
        }

        return fits.All(each => each) ? all : [.. all.Where((_, index) => fits[index])];
    }

    /// <summary>The size in bytes of a text in a list.</summary>
    public static int SizeOfText(string text) => PerText + Encoding.UTF8.GetByteCount(text);

    /// <summary>The size in bytes of an entry with these texts.</summary>
    public static int SizeOf(params ReadOnlySpan<string?> texts)
    {
        var size = PerEntry;
        foreach (var text in texts)
            size += Encoding.UTF8.GetByteCount(text ?? "");
        return size;
    }
}
