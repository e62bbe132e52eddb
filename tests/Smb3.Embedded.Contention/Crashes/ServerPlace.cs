using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Sqlite;
using Smb3.Embedded.State;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>Where the server's program and everything that outlives its processes are.</summary>
internal sealed class ServerPlace : IDisposable
{
    private const string Solution = "Smb3.Embedded.sln";

    private static readonly (string Folder, string Name) Sample = ("samples/ConsoleHost", "ConsoleHost");

    private readonly string _home;

    private ServerPlace(string program, string home)
    {
        Program = program;
        _home = home;
        Folder = Directory.CreateDirectory(Path.Combine(home, "share")).FullName;

        // One port for all lives, as clients come back to where they were.
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint = (IPEndPoint)probe.LocalEndPoint!;
    }

    /// <summary>The built program of the server.</summary>
    public string Program { get; }

    /// <summary>The folder that is shared.</summary>
    public string Folder { get; }

    public string State => Path.Combine(_home, "state.db");

    /// <summary>What all lives have logged.</summary>
    public string Log => Path.Combine(_home, "server.log");

    public IPEndPoint EndPoint { get; }

    /// <summary>Makes a place of its own below the folder for temporary files.</summary>
    /// <param name="program">The program; null: the one that was built beside this.</param>
    /// <param name="project">Which one that is: its folder, and the name of what is built.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static ServerPlace Make(string? program, (string Folder, string Name)? project = null) =>
        new(Existing(program, project ?? Sample), Directory.CreateTempSubdirectory("smb3-crash-").FullName);

    /// <summary>A place in a folder that somebody else has made and removes.</summary>
    /// <param name="program">The program; null: the one that was built beside this.</param>
    /// <param name="home">The folder.</param>
    /// <exception cref="FileNotFoundException">There is no such program.</exception>
    public static ServerPlace In(string? program, string home) => new(Existing(program, Sample), home) { IsKept = true };

    public IReadOnlyList<string> Arguments =>
    [
        "--listen", EndPoint.ToString(),
        "--share", $"{LocalServer.Share}={Folder},ca",
        "--state", State,
        "--user", $"{LocalServer.User}:{LocalServer.Password}",
        "--log-level", "Information",
    ];

    /// <summary>Keeps everything for whoever looks for what went wrong.</summary>
    public bool IsKept { get; set; }

    public string Home => _home;

    public void Dispose()
    {
        if (!IsKept)
        {
            Directory.Delete(_home, recursive: true);
        }
    }

    /// <summary>What the state store has of the share; no process of the server runs.</summary>
    public async Task<IReadOnlyList<StateRecord>> ReadStateAsync()
    {
        await using var store = new SqliteStateStore(State);
        return await store.ReadAsync("folder:" + Folder, CancellationToken.None);
    }

    private static string Existing(string? program, (string Folder, string Name) project)
    {
        program ??= FindProgram(project);
        return File.Exists(program)
            ? program
            : throw new FileNotFoundException($"There is no {program}: build {project.Folder}, or say --server FILE.");
    }

    private static string FindProgram((string Folder, string Name) project)
    {
        var configuration = AppContext.BaseDirectory.Contains("Debug", StringComparison.Ordinal) ? "Debug" : "Release";
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, Solution)))
            {
                return Path.Combine(at.FullName, project.Folder, "bin", configuration, "net10.0", project.Name + ".dll");
            }
        }

        return project.Folder;
    }
}
