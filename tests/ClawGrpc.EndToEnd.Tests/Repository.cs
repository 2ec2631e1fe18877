namespace ClawGrpc.EndToEnd.Tests;

/// <summary>The folder of the solution that these tests belong to.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    private static string Find(DirectoryInfo folder) =>
        File.Exists(Path.Join(folder.FullName, "ClawGrpc.sln")) ? folder.FullName : Find(folder.Parent!);
}
