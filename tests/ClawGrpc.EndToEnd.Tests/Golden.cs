using System.Runtime.CompilerServices;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>Files with expected screens. UPDATE_GOLDEN=1 writes them.</summary>
internal static class Golden
{
    /// <summary>Compares a text with the file <c>golden/NAME</c>.</summary>
    public static void Matches(string name, string actual, [CallerFilePath] string here = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(here)!, "golden", name);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
        }

        Assert.True(File.Exists(path), $"There is no golden/{name}; run the test with UPDATE_GOLDEN=1 and read it.");
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
