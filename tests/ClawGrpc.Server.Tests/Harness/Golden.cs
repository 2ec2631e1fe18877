using System.Runtime.CompilerServices;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>
/// Texts kept as files. With <c>UPDATE_GOLDEN=1</c> in the environment the files are written instead of compared; the diff is
/// the review.
/// </summary>
internal static class Golden
{
    /// <summary>Compares with <c>golden/NAME</c>.</summary>
    public static void Matches(string name, string actual)
    {
        var path = PathOf(name);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
        }

        Assert.True(File.Exists(path), $"There is no golden/{name}; run the test with UPDATE_GOLDEN=1 and read it.");
        Assert.Equal(File.ReadAllText(path), actual);
    }

    private static string PathOf(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "golden", name);
}
