using System.Diagnostics;
using System.Globalization;

namespace ClawGrpc.Testing;

/// <summary>A PostgreSQL server of this process alone, in a folder that goes with it. Databases are made on demand.</summary>
internal sealed class PostgresCluster : IDisposable
{
    private const string Password = "of-this-cluster-alone";

    // PostgreSQL does not run as root.
    private static readonly string[] AsNobody = Environment.UserName == "root"
        ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        : [];

    private readonly string _folder = Directory.CreateTempSubdirectory("pg-").FullName;
    private int _databases;
    private bool _isPaused;

    /// <summary>Starts one, which takes two seconds.</summary>
    public PostgresCluster()
    {
        Run("chmod", "777", _folder);
        File.WriteAllText(Path.Join(_folder, "password"), Password);
        Run(
            [.. AsNobody, Program("initdb"), "-D", Data, "-U", "postgres", "-A", "scram-sha-256", "--no-sync",
                $"--pwfile={Path.Join(_folder, "password")}", "-E", "UTF8", "--locale=C"]);
        Start();
    }

    private string Data => Path.Join(_folder, "data");

    /// <summary>The process id of the server.</summary>
    public int ProcessId => int.Parse(
        File.ReadLines(Path.Join(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>The folder of its socket.</summary>
    public string Folder => _folder;

    /// <summary>The password of its administrator.</summary>
    public static string AdminPassword => Password;

    /// <summary>The folder of its programs.</summary>
    public static string Programs => Path.Join(
        Directory.EnumerateDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last(), "bin");

    /// <summary>Whether the programs of PostgreSQL are on this machine.</summary>
    public static bool IsInstalled => Directory.Exists("/usr/lib/postgresql");

    /// <summary>Starts it again after <see cref="Stop"/> or a kill.</summary>
    public void Start()
    {
        File.Delete(Path.Join(Data, "postmaster.pid"));
        Run(
            [.. AsNobody, Program("pg_ctl"), "-D", Data, "-w", "-s", "-l", Path.Join(_folder, "log"), "-o",
                $"-k {_folder} -c listen_addresses='' -c max_connections=300", "start"]);
    }

    /// <summary>Stops it at once, as a crash does.</summary>
    public void Stop() => Run([.. AsNobody, Program("pg_ctl"), "-D", Data, "-s", "-m", "immediate", "stop"]);

    /// <summary>Stops it where it stands, as a host that hangs does: connections stay, and nothing answers.</summary>
    public void Pause()
    {
        _isPaused = true;

        // The server first: it makes no further children then, and buries none.
        Run("kill", "-STOP", $"{ProcessId}");
        Run(["kill", "-STOP", .. Processes()]);
    }

    /// <summary>Lets it go on after <see cref="Pause"/>.</summary>
    public void Resume()
    {
        // The server last: it buries a child that has ended, and kill would not find that one.
        Run(["kill", "-CONT", .. Processes().Reverse()]);
        _isPaused = false;
    }

    /// <summary>A new database.</summary>
    /// <returns>Its name as a URI.</returns>
    public string NewDatabase()
    {
        var name = $"test{Interlocked.Increment(ref _databases)}";
        Query("postgres", $"CREATE DATABASE {name}");
        return DsnOf(name);
    }

    /// <summary>What psql prints for a query on a database, without heads.</summary>
    public string Query(string database, string sql) => Run("env", $"PGPASSWORD={Password}", Program("psql"), "-h", _folder,
        "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-A", "-t", "-q", "-c", sql);

    /// <summary>All of a database as SQL.</summary>
    public string Dump(string database) =>
        Run("env", $"PGPASSWORD={Password}", Program("pg_dump"), "-h", _folder, "-U", "postgres", database);

    /// <summary>The database of a URI of <see cref="NewDatabase"/>.</summary>
    public static string NameIn(string dsn) => new Uri(dsn).AbsolutePath.Trim('/');

    public void Dispose()
    {
        try
        {
            if (_isPaused)
                Resume();
            Stop();
        }
        catch (InvalidOperationException)
        {
            // A test has stopped it.
        }

        Directory.Delete(_folder, recursive: true);
    }

    private IEnumerable<string> Processes()
    {
        var server = $"{ProcessId}";
        yield return server;
        foreach (var child in Run("pgrep", "-P", server).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            yield return child;
    }

    private string DsnOf(string name) =>
        $"postgresql://postgres:{Password}@localhost/{name}?host={Uri.EscapeDataString(_folder)}";

    private static string Program(string name) => Path.Join(Programs, name);

    private static string Run(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        return process.ExitCode == 0
            ? output.Result.TrimEnd('\n')
            : throw new InvalidOperationException($"{command[^1]}: exit code {process.ExitCode}: {error.Result}");
    }
}
