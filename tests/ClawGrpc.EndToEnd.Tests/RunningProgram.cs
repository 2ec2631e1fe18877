using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>A program of this solution as a process of its own, and what it has written so far.</summary>
internal sealed partial class RunningProgram : IDisposable
{
    public const int SigHup = 1;
    public const int SigInt = 2;
    public const int SigKill = 9;
    public const int SigTerm = 15;

    // The numbers above are the same everywhere.
    public static readonly int SigStop = OperatingSystem.IsLinux() ? 19 : 17;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly Captured _out;
    private readonly Captured _error;

    // A shell that runs the tests in the background has them ignore SIGINT, and what is ignored is inherited.
    static RunningProgram()
    {
        const nint standard = 0;
        const nint ignored = 1;
        var before = OnSignal(SigInt, standard);
        if (before != ignored)
            OnSignal(SigInt, before);
    }

    private RunningProgram(Process process) =>
        (_process, _out, _error) = (process, new Captured(process.StandardOutput), new Captured(process.StandardError));

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Out => _out.Text;

    public string Error => _error.Text;

    /// <summary>
    /// Starts a program: the native one, if it is there and current. One that is given a startup hook is always the built one: a
    /// native program loads no code.
    /// </summary>
    /// <param name="project">The project, whose output lies beside that of the tests.</param>
    /// <param name="name">The program's file.</param>
    /// <param name="environment">Variables. Those of the tests' own that concern the programs are not passed on.</param>
    /// <param name="arguments">The arguments.</param>
    public static RunningProgram Start(
        string project, string name, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments) =>
        Start(FileOf(project, name, environment.ContainsKey("DOTNET_STARTUP_HOOKS")), environment, arguments);

    /// <summary>The file of a program: the native one, as long as nothing was built after it.</summary>
    /// <param name="project">Its project.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="isBuilt">The built one in any case.</param>
    public static string FileOf(string project, string name, bool isBuilt = false)
    {
        var output = OutputOf(project);
        var native = Path.Combine(output, "../../../programs", name);
        return !isBuilt && File.Exists(native) && Directory.EnumerateFiles(output, "*.dll").All(
            part => File.GetLastWriteTimeUtc(part) <= File.GetLastWriteTimeUtc(native))
            ? Path.GetFullPath(native)
            : Path.Combine(output, name);
    }

    /// <summary>The build output of a project.</summary>
    public static string OutputOf(string project)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(own.Parent!.Parent!.FullName, project, own.Name);
    }

    /// <summary>Starts any program.</summary>
    /// <param name="file">The program's file.</param>
    /// <param name="environment">As of the other overload.</param>
    /// <param name="arguments">The arguments.</param>
    public static RunningProgram Start(
        string file, IReadOnlyDictionary<string, string> environment, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var key in start.Environment.Keys.Where(IsOurs).ToList())
            start.Environment.Remove(key);

        // What is killed would leave the sockets and pipes of the runtime's own diagnostics behind.
        start.Environment["DOTNET_EnableDiagnostics_IPC"] = "0";
        start.Environment["DOTNET_EnableDiagnostics_Debugger"] = "0";
        foreach (var (key, value) in environment)
            start.Environment[key] = value;
        return new RunningProgram(Process.Start(start)!);
    }

    /// <summary>Waits until standard output holds a text; the line it stands in.</summary>
    public async Task<string> LineWithAsync(string text)
    {
        var isThere = _out.WaitAsync(all => all.Contains(text, StringComparison.Ordinal));
        if (await Task.WhenAny(isThere, _process.WaitForExitAsync()).WaitAsync(Longest) != isThere)
            await _out.Ended;
        return Out.Split('\n').FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"It ended with {_process.ExitCode} and said: {Out}{Error}");
    }

    /// <summary>Waits until standard error holds a text.</summary>
    public Task ErrorWithAsync(string text) =>
        _error.WaitAsync(all => all.Contains(text, StringComparison.Ordinal)).WaitAsync(Longest);

    /// <summary>Writes all of its standard input.</summary>
    public async Task TellAsync(string text)
    {
        await _process.StandardInput.WriteAsync(text);
        _process.StandardInput.Close();
    }

    public void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    /// <summary>Waits for the end; the exit code.</summary>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Longest);
        await Task.WhenAll(_out.Ended, _error.Ended).WaitAsync(Longest);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();

        // What it writes must not come back when its folder is deleted.
        _process.WaitForExit();
        _process.Dispose();
    }

    private static bool IsOurs(string variable) =>
        variable.StartsWith("ANTHROPIC_", StringComparison.Ordinal) || variable.StartsWith("CLAWGRPC_", StringComparison.Ordinal);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint OnSignal(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    /// <summary>What comes out of a stream, as it comes.</summary>
    private sealed class Captured
    {
        private readonly StringBuilder _text = new();
        private TaskCompletionSource _more = NewTrigger();

        public Captured(TextReader reader) => Ended = ReadAsync(reader);

        public Task Ended { get; }

        public string Text
        {
            get
            {
                lock (_text)
                    return _text.ToString();
            }
        }

        public async Task WaitAsync(Func<string, bool> holds)
        {
            while (true)
            {
                Task more;
                lock (_text)
                    more = _more.Task;
                if (holds(Text))
                    return;
                await more;
            }
        }

        private async Task ReadAsync(TextReader reader)
        {
            var buffer = new char[4096];
            while (await reader.ReadAsync(buffer) is > 0 and var length)
            {
                TaskCompletionSource more;
                lock (_text)
                {
                    _text.Append(buffer, 0, length);
                    (more, _more) = (_more, NewTrigger());
                }

                more.SetResult();
            }
        }

        private static TaskCompletionSource NewTrigger() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
