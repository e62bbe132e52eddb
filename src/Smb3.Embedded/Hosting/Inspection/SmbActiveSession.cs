using Smb3.Embedded.Commands;
using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded;

/// <summary>A session at the time of the query.</summary>
public sealed record SmbActiveSession
{
    private readonly Session _session;

    internal SmbActiveSession(Session session, SmbIdentity identity, Func<Channel, bool>? isKnown = null)
    {
        _session = session;
        Info = HookFacts.Of(session, identity);
        StartedAt = session.CreatedAt;
        RequiresSigning = session.SigningRequired;
        RequiresEncryption = session.EncryptData;
        OpenCount = session.Opens.Count;
        Channels =
        [
            .. session.Channels.Where(channel => isKnown?.Invoke(channel) ?? true).OrderBy(channel => channel.Connection.Id)
                .Select(channel => new SmbActiveChannel(channel)),
        ];
        Shares = [.. session.Trees.Select(tree => tree.Share.NameForHost).Order(StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>Its id, its user and its dialect.</summary>
    public SmbSessionInfo Info { get; }

    /// <summary>Since when.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>
    /// Whether its messages are signed: the last request on each of its channels was. Messages that are encrypted are not signed, because
    /// encryption does the same and more (MS-SMB2 3.1.4.1).
    /// </summary>
    public bool IsSigned => Channels.Count > 0 && Channels.All(static channel => channel.IsSigned);

    /// <summary>Whether its messages are encrypted: the last request on each of its channels was.</summary>
    public bool IsEncrypted => Channels.Count > 0 && Channels.All(static channel => channel.IsEncrypted);

    /// <summary>Whether its requests must be signed, unless they are encrypted.</summary>
    public bool RequiresSigning { get; }

    /// <summary>Whether all its messages must be encrypted; a share can demand it too.</summary>
    public bool RequiresEncryption { get; }

    /// <summary>Open files, directories and pipes.</summary>
    public int OpenCount { get; }

    /// <summary>Its channels, one for each connection that it is on, the oldest connection first.</summary>
    public IReadOnlyList<SmbActiveChannel> Channels { get; }

    /// <summary>The shares that it is connected to, one entry for each tree connect.</summary>
    public IReadOnlyList<string> Shares { get; }

    /// <summary>Ends it with all its opens. The client may log on again.</summary>
    /// <returns>False when it had ended by itself.</returns>
    public ValueTask<bool> EndAsync() => _session.EndAsync();
}
