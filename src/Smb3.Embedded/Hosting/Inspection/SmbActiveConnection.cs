using Smb3.Embedded.Commands;
using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Hosting.Inspection;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded;

/// <summary>A transport connection at the time of the query.</summary>
public sealed record SmbActiveConnection
{
    private readonly Connection _connection;

    internal SmbActiveConnection(Connection connection)
    {
        _connection = connection;
        Info = HookFacts.Of(connection);
        Dialect = HookFacts.TextOf(connection.Negotiated?.Dialect);
        ClientGuid = connection.Negotiated?.ClientGuid ?? Guid.Empty;
        SessionCount = connection.Sessions.Count;
        WaitingRequests = connection.Pending.Count;
        RequestsReceived = connection.Traffic.Frames;
        BytesReceived = connection.Traffic.Received;
        BytesSent = connection.Traffic.Sent;
        BytesCompressed = connection.Traffic.Compressed;
        BytesSaved = connection.Traffic.Saved;
        Compression = connection.Negotiated?.Compression is { } agreed ? [.. agreed.Algorithms.Select(AlgorithmNames.Of)] : [];
        Silence = connection.Traffic.Silence;
    }

    /// <summary>Its ends, its number and its age.</summary>
    public SmbConnectionInfo Info { get; }

    /// <summary>The dialect, <c>2.0.2</c> to <c>3.1.1</c>; empty before it is negotiated.</summary>
    public string Dialect { get; }

    /// <summary>The client machine: all its connections carry the same. Empty for 2.0.2.</summary>
    public Guid ClientGuid { get; }

    /// <summary>Sessions that have a channel on it.</summary>
    public int SessionCount { get; }

    /// <summary>Requests that wait for something: a lock, a change of a directory, a slow store.</summary>
    public int WaitingRequests { get; }

    /// <summary>Requests received over it; those that came together in one message count as one.</summary>
    public long RequestsReceived { get; }

    /// <summary>Bytes received over it, without the framing.</summary>
    public long BytesReceived { get; }

    /// <summary>Bytes sent over it.</summary>
    public long BytesSent { get; }

    /// <summary>Bytes of the messages of both directions that went compressed, counted as they are without it.</summary>
    public long BytesCompressed { get; }

    /// <summary>Bytes by which messages of both directions were shorter because they were compressed.</summary>
    public long BytesSaved { get; }

    /// <summary>
    /// The algorithms with which messages may be compressed, by the names of MS-SMB2 2.2.3.1.3: <c>LZNT1</c>, <c>LZ77</c>,
    /// <c>LZ77+Huffman</c>, <c>Pattern_V1</c>, <c>LZ4</c>. Empty: with none.
    /// </summary>
    public IReadOnlyList<string> Compression { get; }

    /// <summary>How long ago something was last received.</summary>
    public TimeSpan Silence { get; }

    /// <summary>Closes it. Sessions that have no other channel end with it.</summary>
    public ValueTask EndAsync()
    {
        _connection.Terminate(ConnectionEndReason.EndedByHost);
        return default;
    }
}
