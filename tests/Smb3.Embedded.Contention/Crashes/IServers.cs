using System.Collections.Concurrent;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>What clients know of the server that dies, or of the servers of which one has the share.</summary>
internal interface IServers
{
    /// <summary>Every persistent id that was given, in any life of any server: none may be given twice.</summary>
    ConcurrentDictionary<ulong, Guid> Ids { get; }

    /// <summary>Whether there is one server only, which is known by one GUID all its lives.</summary>
    bool IsOne { get; }

    /// <summary>Whether nothing is done to them any more: what clients have begun they end.</summary>
    bool IsOver { get; }

    /// <summary>Completes when there is somebody to connect to, as far as is known.</summary>
    Task WhenUp { get; }

    /// <summary>The server where a client is, or was last.</summary>
    string NameOf(int client);

    /// <summary>A server has answered a request on the share.</summary>
    /// <param name="server">Its name.</param>
    /// <param name="sent">When the request was sent.</param>
    /// <param name="received">When the answer came.</param>
    void Answered(string server, DateTime sent, DateTime received);

    /// <summary>Connects a client to where it is, or was last.</summary>
    Task<IByteStream> ConnectAsync(int client);

    /// <summary>A client has seen that the share is not there: it tries another server next.</summary>
    void Leave(int client);
}
