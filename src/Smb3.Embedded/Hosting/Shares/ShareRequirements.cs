using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting.Shares;

/// <summary>What a share that is added to a server needs of it, which was decided when the server was made.</summary>
/// <param name="settings">The settings of the server.</param>
/// <param name="keepsState">Whether it has a state store.</param>
/// <param name="isClustered">Whether it is a node of a cluster.</param>
internal sealed class ShareRequirements(ServerSettings settings, bool keepsState, bool isClustered)
{
    /// <exception cref="InvalidOperationException">The server has not got what the share needs; the message says what to do.</exception>
    public void Check(SmbShareOptions share)
    {
        if (share.AllowGuest && !settings.AllowGuest)
        {
            throw new InvalidOperationException(
                $"Share '{share.Name}' is for guests, but the server lets none in; set AllowGuest of the server, or clear it here.");
        }

        if (share.Encrypt && settings.Encryption == EncryptionPolicy.Off)
        {
            throw new InvalidOperationException(
                $"Share '{share.Name}' is to be encrypted, but encryption is off; set Encryption of the server to auto, or clear it here.");
        }

        if (share.Posix && !settings.PosixExtensions)
        {
            throw new InvalidOperationException(
                $"Share '{share.Name}' is to have the POSIX extensions, but no share had them when the server was made, and clients are not "
                + "offered them; give them to one of those, or clear Posix here.");
        }

        if (share.Clustered && !isClustered)
        {
            throw new InvalidOperationException(
                $"Share '{share.Name}' is to be clustered, but the server is in no cluster; make it a node of one (UseCluster), or clear "
                + "Clustered here.");
        }

        if (share is { ContinuouslyAvailable: true, Clustered: false } && !keepsState)
        {
            throw new InvalidOperationException(
                $"Share '{share.Name}' is to be continuously available, but the server has nowhere to keep the state of its opens; give it a "
                + "state store (UseStateStore), or clear ContinuouslyAvailable here.");
        }
    }
}
