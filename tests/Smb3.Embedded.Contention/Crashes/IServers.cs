using System.Collections.Concurrent;
using System.Net;
using Smb3.Embedded.Nt;
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
    /// <param name="place">What the client was connected to.</param>
    /// <param name="folder">The folder that it was about, if it is one at which the share may be split.</param>
    /// <param name="status">How it was answered.</param>
    /// <param name="sent">When the request was sent.</param>
    /// <param name="received">When the answer came.</param>
    void Answered(string server, Place place, string? folder, NtStatus status, DateTime sent, DateTime received);

    /// <summary>Connects a client to where it is, or was last.</summary>
    Task<IByteStream> ConnectAsync(int client);

    /// <summary>A client has seen that the share is not there: it tries another server next.</summary>
    void Leave(int client);

    /// <summary>A client was told where to go.</summary>
    /// <param name="client">The client.</param>
    /// <param name="server">The address of the server.</param>
    /// <returns>Whether that is another server than where it is.</returns>
    bool Go(int client, IPAddress server);
}
