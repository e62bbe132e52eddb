using System.Net;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded;

/// <summary>
/// What a host app can observe and forbid. Derive from this class, override what you need, and pass an instance to the builder. Methods may
/// be called concurrently for different clients; if a method throws, what it was asked about is refused, and the exception is logged.
/// </summary>
/// <remarks>
/// Hooks are told what happens to files, not what the client wrote: paths are those of the files that exist, in their own case, with short
/// names and symbolic links resolved and the stream named separately. A method is asked when everything else permits the operation and
/// nothing has changed yet. The names concerned are held until it answers, and anyone else who wants the same name waits: answer soon, and
/// do not open files of the share over SMB in order to decide. For the same reason do not await, within a method, the removal of the share
/// or the end of the session that it is asked about: both wait for the operation. Start them and answer.
/// </remarks>
public abstract class SmbServerHooks
{
    /// <summary>A client has connected and sent nothing yet. False closes the connection.</summary>
    /// <param name="connection">The new connection.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    public virtual ValueTask<bool> OnConnectingAsync(SmbConnectionInfo connection, CancellationToken cancellationToken) => new(true);

    /// <summary>A user has proved who they are. False refuses the logon with STATUS_ACCESS_DENIED.</summary>
    /// <param name="session">The session that is about to begin.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    public virtual ValueTask<bool> OnLogonAsync(SmbSessionInfo session, CancellationToken cancellationToken) => new(true);

    /// <summary>A session wants to use a share that it has access to. False refuses it with STATUS_ACCESS_DENIED.</summary>
    /// <param name="session">The session that asks.</param>
    /// <param name="shareName">The share.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    public virtual ValueTask<bool> OnTreeConnectAsync(SmbSessionInfo session, string shareName, CancellationToken cancellationToken) =>
        new(true);

    /// <summary>
    /// A session wants to open or create a file, a directory or a stream, and has the right to. False refuses it with STATUS_ACCESS_DENIED.
    /// All data is read and written through such an open, server-side copies included.
    /// </summary>
    /// <param name="session">The session that asks.</param>
    /// <param name="open">What is opened, and how.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    public virtual ValueTask<bool> OnOpenAsync(SmbSessionInfo session, SmbOpenInfo open, CancellationToken cancellationToken) => new(true);

    /// <summary>
    /// A session wants to give a file, a directory or a stream another name or place, and has the right to. False refuses it with
    /// STATUS_ACCESS_DENIED. With a directory everything below it moves. If there is a file at the target, <see cref="OnDeleteAsync"/> is
    /// asked about it too.
    /// </summary>
    /// <param name="session">The session that asks.</param>
    /// <param name="rename">From where to where.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    public virtual ValueTask<bool> OnRenameAsync(SmbSessionInfo session, SmbRenameInfo rename, CancellationToken cancellationToken) => new(true);

    /// <summary>
    /// A session wants to give a file one more name, and has the right to. False refuses it with STATUS_ACCESS_DENIED. If another file has
    /// the name, <see cref="OnDeleteAsync"/> is asked about it too.
    /// </summary>
    /// <param name="session">The session that asks.</param>
    /// <param name="link">Which file, and the name.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    public virtual ValueTask<bool> OnLinkAsync(SmbSessionInfo session, SmbLinkInfo link, CancellationToken cancellationToken) => new(true);

    /// <summary>
    /// A session wants to delete a file, a directory or a stream, and has the right to: by an explicit request, by an open that deletes
    /// when it is closed, or by giving its name to another file. False refuses it with STATUS_ACCESS_DENIED. An allowed deletion happens
    /// when the last client has closed the file; <see cref="OnClosed"/> then reports it.
    /// </summary>
    /// <param name="session">The session that asks.</param>
    /// <param name="delete">What is deleted, and how.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    public virtual ValueTask<bool> OnDeleteAsync(SmbSessionInfo session, SmbDeleteInfo delete, CancellationToken cancellationToken) => new(true);

    /// <summary>
    /// A session wants to change the owner, rights or permission bits of what it has open, and has the right to. False refuses it with
    /// STATUS_ACCESS_DENIED.
    /// </summary>
    /// <param name="session">The session that asks.</param>
    /// <param name="security">What is set, and on what.</param>
    /// <param name="cancellationToken">Cancelled when the connection ends.</param>
    public virtual ValueTask<bool> OnSetSecurityAsync(SmbSessionInfo session, SmbSecurityInfo security, CancellationToken cancellationToken) =>
        new(true);

    /// <summary>
    /// An open that <see cref="OnOpenAsync"/> allowed has ended: by its client, with its session, or by the server. Called on the thread
    /// that closed it: do lengthy work elsewhere.
    /// </summary>
    /// <param name="session">The session that it belonged to.</param>
    /// <param name="close">What was done through it.</param>
    public virtual void OnClosed(SmbSessionInfo session, SmbCloseInfo close)
    {
    }

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
/// <param name="ConnectedAt">When the client connected.</param>
public sealed record SmbConnectionInfo(ulong ConnectionId, EndPoint Local, EndPoint Remote, DateTimeOffset ConnectedAt);

/// <summary>A session, as hooks and inspection see it.</summary>
/// <param name="SessionId">The SMB2 session id; zero for a logon to the witness service, which has no session.</param>
/// <param name="Identity">The user.</param>
/// <param name="Connection">The connection on which it was set up.</param>
/// <param name="Dialect">The dialect as text: <c>2.0.2</c> to <c>3.1.1</c>; <c>RPC</c> for the witness service.</param>
public sealed record SmbSessionInfo(ulong SessionId, SmbIdentity Identity, SmbConnectionInfo Connection, string Dialect);
