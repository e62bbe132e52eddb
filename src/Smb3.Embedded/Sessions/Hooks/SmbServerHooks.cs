using System.Net;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded;

/// <summary>
/// What a host app can observe and forbid. Derive, override what you need, and give it to the builder. Methods may be called at the same
/// time for different clients; a method that throws refuses what it was asked about, and the exception is logged.
/// </summary>
public abstract class SmbServerHooks
{
    /// <summary>A client has connected and sent nothing yet. False closes the connection.</summary>
    /// <param name="connection">Who it is.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    public virtual ValueTask<bool> OnConnectingAsync(SmbConnectionInfo connection, CancellationToken cancellationToken) => new(true);

    /// <summary>A user has proved who they are. False refuses the logon with STATUS_ACCESS_DENIED.</summary>
    /// <param name="session">The session that is about to begin.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    public virtual ValueTask<bool> OnLogonAsync(SmbSessionInfo session, CancellationToken cancellationToken) => new(true);

    /// <summary>A session wants to use a share that it may use. False refuses it with STATUS_ACCESS_DENIED.</summary>
    /// <param name="session">Who wants it.</param>
    /// <param name="shareName">The share.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    public virtual ValueTask<bool> OnTreeConnectAsync(SmbSessionInfo session, string shareName, CancellationToken cancellationToken) =>
        new(true);

    /// <summary>A session wants to open or create a file or directory. False refuses it with STATUS_ACCESS_DENIED.</summary>
    /// <param name="session">Who wants it.</param>
    /// <param name="open">What is opened, and how.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    public virtual ValueTask<bool> OnOpenAsync(SmbSessionInfo session, SmbOpenInfo open, CancellationToken cancellationToken) => new(true);

    /// <summary>A session has ended: by logoff, by the loss of its last connection, or by the server.</summary>
    /// <param name="session">The session.</param>
    public virtual void OnSessionEnded(SmbSessionInfo session)
    {
    }

    /// <summary>A connection has ended.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="reason">Why, in one word, as in the log.</param>
    public virtual void OnDisconnected(SmbConnectionInfo connection, string reason)
    {
    }
}

/// <summary>A transport connection, as hooks and inspection see it.</summary>
/// <param name="ConnectionId">A number that no other connection of the server has or had.</param>
/// <param name="Local">The server's end.</param>
/// <param name="Remote">The client's end.</param>
/// <param name="ConnectedAt">Since when.</param>
public sealed record SmbConnectionInfo(ulong ConnectionId, EndPoint Local, EndPoint Remote, DateTimeOffset ConnectedAt);

/// <summary>A session, as hooks and inspection see it.</summary>
/// <param name="SessionId">The SMB2 session id.</param>
/// <param name="Identity">Who it is.</param>
/// <param name="Connection">The connection on which it was set up.</param>
/// <param name="Dialect">The dialect as text: <c>2.0.2</c> to <c>3.1.1</c>.</param>
public sealed record SmbSessionInfo(ulong SessionId, SmbIdentity Identity, SmbConnectionInfo Connection, string Dialect);

/// <summary>An open that is about to happen.</summary>
/// <param name="ShareName">The share.</param>
/// <param name="Path">The path inside the share, names joined by a backslash; empty for the root.</param>
/// <param name="Access">The access that was asked for.</param>
/// <param name="Disposition">What happens when the file exists and when it does not.</param>
/// <param name="Options">How it is opened.</param>
public sealed record SmbOpenInfo(
    string ShareName, string Path, FileAccessMask Access, CreateDisposition Disposition, CreateOptions Options);
