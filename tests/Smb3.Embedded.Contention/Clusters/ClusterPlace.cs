using Npgsql;
using Smb3.Embedded.Contention.Crashes;
using Smb3.Embedded.TestPeers;

namespace Smb3.Embedded.Contention.Clusters;

/// <summary>What all nodes have in common: the program, the folder that they share, and the database.</summary>
internal sealed class ClusterPlace : IDisposable
{
    /// <summary>How long a node keeps its shares without being heard of.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(4);

    /// <summary>The share of <see cref="Program"/>.</summary>
    public const string Share = "files";

    private readonly ServerPlace _place;

    public ClusterPlace(string? program)
    {
        _place = ServerPlace.Make(program, ("tests/Smb3.Embedded.ClusterHost", "Smb3.Embedded.ClusterHost"));
        Database = new PostgreSqlServer();
    }

    public string Program => _place.Program;

    /// <summary>The folder that is shared.</summary>
    public string Folder => _place.Folder;

    /// <summary>Where the logs go.</summary>
    public string Home => _place.Home;

    public PostgreSqlServer Database { get; }

    /// <summary>What sets the wall clock of a node; <see langword="null"/>: nothing does.</summary>
    public string? ClockLibrary { get; } = SteppedClock.FindLibrary();

    /// <summary>Keeps everything for whoever looks for what went wrong.</summary>
    public bool IsKept
    {
        get => _place.IsKept;
        set => _place.IsKept = value;
    }

    /// <summary>How to reach the database by a port of its own.</summary>
    public string ConnectionString(int port) => new NpgsqlConnectionStringBuilder(Database.ConnectionString) { Port = port }.ConnectionString;

    public void Dispose()
    {
        Database.Dispose();
        _place.Dispose();
    }
}
