using System.Diagnostics;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>The scripts that <c>make build</c> writes into bin, with a shell script for a program.</summary>
public sealed class LauncherTests : IDisposable
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string _root = Directory.CreateTempSubdirectory("launcher test-").FullName;
    private readonly string _launcher;

    public LauncherTests()
    {
        var template = File.ReadAllText(Path.Join(Repository.Root, "eng/launcher.sh"));
        _launcher = Write("bin/app", template.Replace("@PROJECT@", "The.App").Replace("@APP@", "app"));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Arguments_arrive_as_given_from_any_folder()
    {
        Program("printf '<%s>' \"$@\"");
        Assert.Equal("<a b><><$x \"y\"><*>", Run(_launcher, ["a b", "", "$x \"y\"", "*"], "/").Out);
    }

    [Fact]
    public void Symbolic_links_lead_to_the_program()
    {
        Program("echo here");
        Directory.CreateDirectory(Path.Join(_root, "links"));
        File.CreateSymbolicLink(Path.Join(_root, "links/relative"), "../bin/app");
        File.CreateSymbolicLink(Path.Join(_root, "links/absolute"), Path.Join(_root, "links/relative"));
        Assert.Equal("here\n", Run(Path.Join(_root, "links/absolute"), [], "/").Out);
        var path = $"{_root}/links:{Environment.GetEnvironmentVariable("PATH")}";
        Assert.Equal("here\n", Run("/bin/sh", ["-c", "absolute"], "/", ("PATH", path)).Out);
        Assert.Equal("here\n", Run("/bin/sh", ["-c", "./app"], Path.GetDirectoryName(_launcher)!).Out);
    }

    [Fact]
    public void Program_is_the_process_that_was_started()
    {
        Program("echo $$; exit 7");
        var (code, said, _, id) = Run(_launcher, [], "/");
        Assert.Equal((7, $"{id}\n"), (code, said));
    }

    [Fact]
    public void Dotnet_on_the_path_is_named_unless_one_was_named()
    {
        Program("echo \"$DOTNET_ROOT\"");
        Write("sdk/dotnet", "#!/bin/sh\n");
        Directory.CreateDirectory(Path.Join(_root, "sdk/host/fxr"));
        Directory.CreateDirectory(Path.Join(_root, "path"));
        File.CreateSymbolicLink(Path.Join(_root, "path/dotnet"), "../sdk/dotnet");
        var path = $"{_root}/path:{Environment.GetEnvironmentVariable("PATH")}";
        Assert.Equal($"{_root}/sdk\n", Run(_launcher, [], "/", ("PATH", path), ("DOTNET_ROOT", "")).Out);
        Assert.Equal("/elsewhere\n", Run(_launcher, [], "/", ("PATH", path), ("DOTNET_ROOT", "/elsewhere")).Out);
    }

    [Fact]
    public void Native_program_runs_while_nothing_was_built_after_it()
    {
        Program("echo built");
        var part = Write("artifacts/bin/The.App/release/part.dll", "");
        var native = Write("artifacts/programs/app", "#!/bin/sh\nprintf 'native <%s>' \"$1\"\n");
        File.SetLastWriteTimeUtc(part, DateTime.UnixEpoch);
        Assert.Equal("native <a b>", Run(_launcher, ["a b"], "/").Out);

        File.SetLastWriteTimeUtc(part, File.GetLastWriteTimeUtc(native).AddSeconds(1));
        Assert.Equal("built\n", Run(_launcher, ["a b"], "/").Out);
    }

    [Fact]
    public void Program_that_was_not_built_says_what_to_do()
    {
        var (code, _, error, _) = Run(_launcher, [], "/");
        Assert.Equal(127, code);
        Assert.Contains("not built; run `make build`", error, StringComparison.Ordinal);
    }

    private void Program(string script) => Write("artifacts/bin/The.App/release/app", $"#!/bin/sh\n{script}\n");

    private string Write(string file, string text)
    {
        var path = Path.Join(_root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, Executable);
        return path;
    }

    private static (int Code, string Out, string Error, int Id) Run(
        string file, string[] arguments, string folder, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (said, error) = (process.StandardOutput.ReadToEnd(), process.StandardError.ReadToEnd());
        process.WaitForExit();
        return (process.ExitCode, said, error, process.Id);
    }
}
