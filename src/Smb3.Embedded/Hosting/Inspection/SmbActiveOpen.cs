using Smb3.Embedded.Sessions;

namespace Smb3.Embedded;

/// <summary>An open file, directory or pipe as it was when it was asked for.</summary>
public sealed record SmbActiveOpen
{
    private readonly Open _open;

    internal SmbActiveOpen(Open open, SmbIdentity identity)
    {
        _open = open;
        OpenId = open.FileId.Volatile;
        SessionId = open.Session.SessionId;
        UserName = identity.UserName;
        ShareName = open.TreeConnect.Share.Name;
        Path = open.Name;
    }

    /// <summary>A number that no other open of the server has or had.</summary>
    public ulong OpenId { get; }

    /// <summary>The session that holds it.</summary>
    public ulong SessionId { get; }

    /// <summary>The session's user; empty when anonymous.</summary>
    public string UserName { get; }

    /// <summary>The share; <c>IPC$</c> for a pipe.</summary>
    public string ShareName { get; }

    /// <summary>The path inside the share, names joined by a backslash, or the pipe's name.</summary>
    public string Path { get; }

    /// <summary>Closes it under its client, whose next request on it fails with STATUS_FILE_CLOSED.</summary>
    /// <returns>False when it was closed already.</returns>
    public ValueTask<bool> EndAsync() => _open.EndAsync();
}
