using System.Collections.Concurrent;
using System.Diagnostics;
using ClawGrpc.Core;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Stores;

/// <summary>What the system sees of a replacement: the file is never missing, and on the disk before it has its name.</summary>
public sealed class ReplacementTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Replaced_file_is_never_gone()
    {
        await AtomicFile.WriteAsync(_folder["f"], "old"u8.ToArray());
        Assert.DoesNotContain("f", await GoneDuringAsync(() => AtomicFile.WriteAsync(_folder["f"], "new"u8.ToArray())));
    }

    [Fact]
    public async Task Changed_profiles_are_never_gone()
    {
        using var store = new AgentStore(_folder["auth-profiles.json"], TimeProvider.System);
        await store.UpdateAsync(Put("one"));
        Assert.DoesNotContain("auth-profiles.json", await GoneDuringAsync(() => store.UpdateAsync(Put("two"))));
    }

    [Fact]
    public async Task Edited_configuration_is_never_gone()
    {
        using var configuration = new ConfigFile(_folder["clawgrpc.json"]);
        await configuration.UpdateAsync(_ => "{ a: 1 }");
        await configuration.UpdateAsync(_ => "{ a: 2 }");
        var gone = await GoneDuringAsync(() => configuration.UpdateAsync(_ => "{ a: 3 }"));
        Assert.DoesNotContain("clawgrpc.json", gone);
    }

    [Fact]
    public void File_is_private_before_it_has_its_name()
    {
        using var file = AtomicFile.Prepare(_folder["f"], "secret"u8.ToArray());
        var temporary = Assert.Single(_folder.Names);
        Assert.Equal(AtomicFile.OwnerOnly, File.GetUnixFileMode(_folder[temporary]));
        file.Commit();
        Assert.Equal(AtomicFile.OwnerOnly, File.GetUnixFileMode(_folder["f"]));
    }

    [NeedsStraceTheory]
    [InlineData("count", "auth-profiles.json", 3)]
    [InlineData("edit", "clawgrpc.json", 3)]
    public async Task File_is_on_the_disk_before_its_name_and_its_folder_after(string verb, string name, int writes)
    {
        var file = _folder[name];
        var calls = await TraceAsync(verb, file, $"{writes}");
        var renamed = calls.FindAll(call => call.StartsWith("rename", StringComparison.Ordinal)
            && call.Contains($", \"{file}\"", StringComparison.Ordinal));
        Assert.Equal(writes, renamed.Count);
        foreach (var rename in renamed)
        {
            var at = calls.IndexOf(rename);
            var temporary = rename.Split('"')[1];
            var own = calls.FindAll(call => call.Contains($"<{temporary}>", StringComparison.Ordinal));
            Assert.StartsWith("fsync", own[^1], StringComparison.Ordinal);
            Assert.True(calls.IndexOf(own[^1]) < at, $"{own[^1]} came behind {rename}");

            // Its mode is set before anything is in it.
            var mode = own.FindIndex(call => call.Contains("0600", StringComparison.Ordinal));
            Assert.InRange(mode, 0, own.FindIndex(call => call.StartsWith("pwrite64", StringComparison.Ordinal)) - 1);
            var next = calls.FindIndex(at + 1, call => call.StartsWith("rename", StringComparison.Ordinal));
            Assert.InRange(
                calls.FindIndex(at, call => call.StartsWith("fsync", StringComparison.Ordinal)
                    && call.Contains($"<{_folder.Path}>", StringComparison.Ordinal)),
                at + 1, next < 0 ? calls.Count : next);
        }

        Assert.DoesNotContain(calls, call => call.StartsWith("unlink", StringComparison.Ordinal)
            && call.Contains($"\"{file}\"", StringComparison.Ordinal));
    }

    private static PutProfile Put(string id) => new(id, new ApiKeyCredential("anthropic", new Secret("sk-ant-api03-FAKE-" + id)));

    // The names that were deleted. A rename over a file does not delete it.
    private async Task<IReadOnlyCollection<string>> GoneDuringAsync(Func<Task> change)
    {
        const string last = "last";
        var gone = new ConcurrentQueue<string>();
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(_folder.Path);
        watcher.Deleted += (_, deleted) =>
        {
            gone.Enqueue(deleted.Name!);
            if (deleted.Name == last)
                end.TrySetResult();
        };
        watcher.EnableRaisingEvents = true;
        await change();
        await File.WriteAllTextAsync(_folder[last], "");
        File.Delete(_folder[last]);
        await end.Task.WaitAsync(TimeSpan.FromSeconds(30));
        return gone;
    }

    // The calls of a process that writes, in order, with the paths of the files that they are about.
    private static async Task<List<string>> TraceAsync(params string[] arguments)
    {
        var trace = Path.GetTempFileName();
        try
        {
            using var process = Process.Start(new ProcessStartInfo("strace", [
                "-f", "-qq", "-y", "--seccomp-bpf", "-e", "signal=none",
                "-e", "trace=fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,fchmod,openat,pwrite64", "-o", trace,
                "dotnet", Path.Join(AppContext.BaseDirectory, "ClawGrpc.StateHammer.dll"), .. arguments,
            ])
            { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var (told, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, $"{await told}{await errors}");

            // Each line begins with the thread.
            var lines = await File.ReadAllLinesAsync(trace);
            return [.. lines.Select(line => line[line.IndexOf(' ', StringComparison.Ordinal)..].Trim())];
        }
        finally
        {
            File.Delete(trace);
        }
    }
}
