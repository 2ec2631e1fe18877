using System.Runtime.CompilerServices;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>Expected texts in files. <c>UPDATE_GOLDEN=1</c> in the environment writes the files; review the diff.</summary>
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

    /// <summary>The text of <c>golden/NAME</c>.</summary>
    public static string Text(string name) => File.ReadAllText(PathOf(name));

    /// <summary>The names in a folder of <c>golden/</c>.</summary>
    public static IEnumerable<string> Names(string folder) =>
        Directory.GetFiles(PathOf(folder)).Select(path => Path.GetFileName(path)).Order();

    private static string PathOf(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "golden", name);
}
