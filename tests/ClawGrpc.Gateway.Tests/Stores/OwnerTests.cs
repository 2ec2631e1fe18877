using System.Diagnostics;
using System.Runtime.InteropServices;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Stores;

/// <summary>Whose new and rewritten files are.</summary>
public class OwnerTests
{
    private const string Others = "65534:65533";

    [Fact]
    public async Task New_files_and_folders_belong_to_the_owner_of_the_folder()
    {
        // Only root can give files away.
        if (!Environment.IsPrivilegedProcess)
            return;
        using var folder = new TestFolder();
        await RunAsync("chown", Others, folder.Path);
        StateFolder.MakeDirectory(folder["a/b"]);
        await AtomicFile.WriteAsync(folder["a/b/file"], [1]);
        foreach (var name in new[] { "a", "a/b", "a/b/file" })
            Assert.Equal(Others, (await RunAsync("stat", "-c", "%u:%g", folder[name])).Trim());
    }

    [Fact]
    public void Write_that_would_change_the_owner_is_refused()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["file"], "theirs");
        Exception? refused = null;
        var user = new Thread(() =>
        {
            // Of this thread alone, which thereby loses root's rights to files. A user who is not root has none.
            if (Environment.IsPrivilegedProcess)
                _ = SetFileSystemUser(65534);
            refused = Record.Exception(() => (Environment.IsPrivilegedProcess
                ? AtomicFile.Prepare(folder["file"], [1])
                : AtomicFile.Prepare(folder["new"], [1], like: "/etc/passwd")).Dispose());
        });
        File.SetUnixFileMode(folder.Path, (UnixFileMode)Convert.ToInt32("777", 8));
        user.Start();
        user.Join();
        Assert.IsType<UnauthorizedAccessException>(refused);
        Assert.Contains("belongs to another user or group", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["file"], folder.Names);
        Assert.Equal("theirs", File.ReadAllText(folder["file"]));
    }

    [DllImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetFileSystemUser(uint user);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return text;
    }
}
