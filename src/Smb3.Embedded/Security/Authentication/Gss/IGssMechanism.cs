namespace Smb3.Embedded.Security.Authentication.Gss;

/// <summary>
/// A mechanism that users authenticate with (RFC 2743), on the server's side. SPNEGO chooses among those that a server has.
/// </summary>
internal interface IGssMechanism
{
    /// <summary>Its name in logs.</summary>
    string Name { get; }

    /// <summary>
    /// The object identifiers that clients know it by, as the contents of their DER elements, in the order in which they are offered.
    /// </summary>
    IReadOnlyList<ReadOnlyMemory<byte>> Oids { get; }

    /// <summary>Whether a client that does not speak SPNEGO begins this mechanism with <paramref name="token"/>.</summary>
    bool IsInitialToken(ReadOnlySpan<byte> token);

    /// <summary>Begins the authentication of one client.</summary>
    /// <param name="peer">Who tries passwords, and who counts the wrong ones; null: nobody does.</param>
    IGssContext Begin(LogonPeer? peer);
}
