using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Npgsql;

namespace Smb3.Embedded.TestPeers;

/// <summary>
/// A PostgreSQL server of the tests' own, of the distribution's package: on a port of its own of the loopback interface, in a folder that is removed
/// with it. It writes through to the disk as one in production does. It refuses root, and then runs as <c>postgres</c>.
/// </summary>
public sealed partial class PostgreSqlServer : IDisposable
{
    private const string User = "postgres";
    private const string Password = "of the tests";
    private const int Interrupt = 2;
    private const int Kill = 9;
    private const int Continue = 18;
    private const int Halt = 19;

    private readonly string _programs;
    private readonly string _folder;
    private readonly IPAddress _address;
    private Process? _process;

    /// <summary>Makes a server with nothing in it, and starts it.</summary>
    /// <param name="address">Where it listens, and whose network may use it; the loopback interface by default.</param>
    /// <param name="primary">Another one, of which it is made a standby.</param>
    public PostgreSqlServer(IPAddress? address = null, PostgreSqlServer? primary = null)
    {
        _address = address ?? IPAddress.Loopback;
        _programs = FindPrograms() ?? throw new FileNotFoundException(Missing);
        _folder = Directory.CreateTempSubdirectory("smb3-postgresql-").FullName;
        try
        {
            Make(primary);
            Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public static string Missing => "Needs PostgreSQL (Debian: postgresql), and as root the user postgres and setpriv.";

    public int Port { get; private set; }

    public string ConnectionString => $"Host={_address};Port={Port};Username={User};Password={Password};Database=postgres";

    /// <summary>Leads to whichever of two is the primary.</summary>
    public string ConnectionStringWith(PostgreSqlServer other) =>
        $"Host={_address}:{Port},{other._address}:{other.Port};Username={User};Password={Password};Database=postgres";

    /// <summary>Where the server's programs are, when there is one that this user can run.</summary>
    public static string? FindPrograms()
    {
        if (!OperatingSystem.IsLinux() || (Environment.IsPrivilegedProcess && !(File.ReadLines("/etc/passwd").Any(static line => line.StartsWith(User + ":", StringComparison.Ordinal))
            && InPath("setpriv"))))
        {
            return null;
        }

        var debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(static path => int.TryParse(Path.GetFileName(path), out var number) ? number : 0)
                .Select(static path => Path.Join(path, "bin"))
            : [];
        return debian.Concat((Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':'))
            .FirstOrDefault(static path => File.Exists(Path.Join(path, "initdb")) && File.Exists(Path.Join(path, "postgres")));
    }

    /// <summary>Starts it on its data, and waits until it answers. What was killed may need a moment until all of it is gone.</summary>
    public void Start()
    {
        for (var begun = Stopwatch.GetTimestamp(); !TryStart(); Thread.Sleep(100))
        {
            if (Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(60))
            {
                throw new InvalidOperationException("PostgreSQL does not start: " + Log());
            }
        }
    }

    /// <summary>Ends it in order, as an upgrade does.</summary>
    public void ShutDown()
    {
        Signal(Interrupt, Postmaster());
        _process!.WaitForExit(30_000);
        Kill9();
    }

    /// <summary>Ends all of it at once, as a loss of power does.</summary>
    public void Kill9()
    {
        if (_process is { HasExited: false } && File.Exists(Path.Join(_folder, "data", "postmaster.pid")))
        {
            foreach (var one in All())
            {
                Signal(Kill, one);
            }

            _process.WaitForExit(30_000);
        }

        _process?.StandardInput.Close();
        _process?.Dispose();
        _process = null;
    }

    /// <summary>Stops all of it: connections stay, and nobody answers.</summary>
    public void Pause() => All().ForEach(static one => Signal(Halt, one));

    /// <summary>Stops some of it.</summary>
    public static void Stop(IEnumerable<int> processes)
    {
        foreach (var one in processes)
        {
            Signal(Halt, one);
        }
    }

    public void Resume() => All().ForEach(static one => Signal(Continue, one));

    public void Execute(string sql)
    {
        using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    public object? Ask(string sql)
    {
        using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }

    public void Dispose()
    {
        if (_process is { HasExited: false })
        {
            Resume();
            Kill9();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static bool InPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Any(path => File.Exists(Path.Join(path, program)));

    /// <summary>A port that is not one of those that outgoing connections get, which might have it while the server is down.</summary>
    private int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 30_000);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(_address, port));
                return port;
            }
            catch (SocketException)
            {
                // It is somebody else's.
            }
        }
    }

    private static void Signal(int signal, int process) => _ = SendSignal(process, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);

    private bool TryStart()
    {
        _process = Run("postgres", "-D", Path.Join(_folder, "data"), "-p", Port.ToString(CultureInfo.InvariantCulture));
        while (!_process.WaitForExit(20))
        {
            try
            {
                using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;Timeout=5");
                connection.Open();
                return true;
            }
            catch (NpgsqlException)
            {
                // Not yet.
            }
        }

        Kill9();
        return false;
    }

    private void Make(PostgreSqlServer? primary)
    {
        var data = Path.Join(_folder, "data");
        var password = Path.Join(_folder, "password");
        Directory.CreateDirectory(data);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        File.WriteAllText(password, Password);
        if (Environment.IsPrivilegedProcess)
        {
            using var owning = Process.Start("chown", ["-R", User, _folder]);
            owning.WaitForExit();
            if (owning.ExitCode != 0)
            {
                throw new InvalidOperationException($"{_folder} cannot be given to {User}.");
            }
        }

        using (var making = primary is null
            ? Run("initdb", "-D", data, "-U", User, "-A", "scram-sha-256", "--pwfile=" + password, "-E", "UTF8", "--locale=C.UTF-8")
            : Run("pg_basebackup", "-d", primary.Uri, "-D", data, "-X", "stream", "-c", "fast", "-R"))
        {
            making.WaitForExit();
            if (making.ExitCode != 0)
            {
                throw new InvalidOperationException("Its data cannot be made: " + Log());
            }
        }

        Port = FreePort();
        if (primary is not null)
        {
            // The rest has come with the data; of settings that are there twice the last one counts.
            File.AppendAllText(Path.Join(data, "postgresql.conf"), $"unix_socket_directories = '{_folder}'\n");
            return;
        }

        File.AppendAllText(Path.Join(data, "pg_hba.conf"), $"host all all {_address}/24 scram-sha-256\n");
        File.AppendAllLines(
            Path.Join(data, "postgresql.conf"),
            [$"listen_addresses = '{_address}'", $"unix_socket_directories = '{_folder}'", "shared_buffers = 32MB", "fsync = on", "synchronous_commit = on", "max_connections = 200"]);
    }

    /// <summary>
    /// Starts a program of the server. What it says goes to a file, so that nobody must read it, and it ends when the tests do, however that is: the pipe is
    /// closed then.
    /// </summary>
    private Process Run(string program, params string[] arguments)
    {
        const string Watched = """
            cd "$1" && log=$2 && shift 2 || exit 1
            exec 3<&0 2>/dev/null
            "$@" </dev/null >>"$log" 2>&1 &
            trap '' INT TERM HUP
            { cat <&3 >/dev/null; kill -KILL $!; } >/dev/null 2>&1 &
            watcher=$!
            wait %1
            code=$?
            kill -KILL $watcher 2>/dev/null
            exit $code
            """;
        string[] command = ["-c", Watched, "sh", _folder, Path.Join(_folder, "log"), Path.Join(_programs, program), .. arguments];
        string[] asUser = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=" + User, "--regid=" + User, "--init-groups", "sh"] : ["sh"];
        return Process.Start(new ProcessStartInfo(asUser[0], [.. asUser[1..], .. command]) { RedirectStandardInput = true })!;
    }

    private string Log() => File.Exists(Path.Join(_folder, "log")) ? string.Join('\n', File.ReadLines(Path.Join(_folder, "log")).TakeLast(5)) : string.Empty;

    private string Uri => $"postgresql://{User}:{System.Uri.EscapeDataString(Password)}@{_address}:{Port}/postgres";

    private int Postmaster() => int.Parse(File.ReadLines(Path.Join(_folder, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>The server's first process and its children.</summary>
    private List<int> All()
    {
        var first = Postmaster();
        var all = new List<int> { first };
        foreach (var entry in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry), out var id))
            {
                try
                {
                    var status = File.ReadAllText(Path.Join(entry, "stat"));
                    if (int.Parse(status[(status.LastIndexOf(')') + 4)..].Split(' ')[0], CultureInfo.InvariantCulture) == first)
                    {
                        all.Add(id);
                    }
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // It has ended.
                }
            }
        }

        return all;
    }
}
