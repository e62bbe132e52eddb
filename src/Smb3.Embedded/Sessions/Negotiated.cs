using Smb3.Embedded.Compression;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Sessions;

/// <summary>What was agreed in NEGOTIATE. Complete when it is published, and never changed.</summary>
internal sealed record Negotiated
{
    public required Smb2Dialect Dialect { get; init; }

    public Guid ClientGuid { get; init; }

    public Smb2Capabilities ClientCapabilities { get; init; }

    public Smb2SecurityMode ClientSecurityMode { get; init; }

    public Smb2Capabilities ServerCapabilities { get; init; }

    public Smb2SecurityMode ServerSecurityMode { get; init; }

    public int MaxTransactSize { get; init; }

    public int MaxReadSize { get; init; }

    public int MaxWriteSize { get; init; }

    public Smb2Cipher Cipher { get; init; }

    public Smb2SigningAlgorithm SigningAlgorithm { get; init; }

    /// <summary>Connection.RDMATransformIds: how data can be protected that goes by RDMA.</summary>
    public Smb2RdmaTransforms RdmaTransforms { get; init; }

    /// <summary>How messages may be compressed; <see langword="null"/>: not at all.</summary>
    public CompressionAgreement? Compression { get; init; }

    /// <summary>The longest message that the client takes compressed, counted as it is before that (MS-SMB2 3.2.5.1.1.2).</summary>
    public int LargestCompressed => Math.Max(MaxReadSize, Math.Max(MaxWriteSize, MaxTransactSize)) + 256;

    /// <summary>Whether the POSIX extensions are spoken on shares that have them.</summary>
    public bool Posix { get; init; }

    /// <summary>Connection.SupportsMultiCredit: requests may cost more than one credit.</summary>
    public bool MultiCredit => (ServerCapabilities & Smb2Capabilities.LargeMtu) != 0;

    public bool IsSmb3 => Dialect >= Smb2Dialect.Smb300;

    public bool CanEncrypt => Cipher != Smb2Cipher.None;
}
