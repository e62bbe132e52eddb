using Smb3.Embedded.Security.Cryptography;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// The preauthentication integrity hash of a connection or of one authentication, shared by who receives and who sends: what a message
/// is folded into, in the order in which messages cross the wire (MS-SMB2 3.1.4.4.1).
/// </summary>
internal sealed class PreauthTranscript
{
    private readonly Lock _gate = new();
    private PreauthIntegrityHash _hash;

    public void Update(ReadOnlySpan<byte> message)
    {
        lock (_gate)
        {
            _hash.Update(message);
        }
    }

    /// <summary>A transcript that goes on from here by itself: each authentication of a connection has its own.</summary>
    public PreauthTranscript Fork()
    {
        lock (_gate)
        {
            return new PreauthTranscript { _hash = _hash };
        }
    }

    public byte[] ToArray()
    {
        lock (_gate)
        {
            return _hash.Bytes.ToArray();
        }
    }
}
