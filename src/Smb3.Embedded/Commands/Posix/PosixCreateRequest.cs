namespace Smb3.Embedded.Commands.Posix;

/// <summary>The POSIX create context of a request: the mode of a new file (4).</summary>
internal readonly record struct PosixCreateRequest(uint Value)
{
    /// <summary>
    /// The mode, whose permission bits count; null when the client asks for none, which it says with all sixteen bits set.
    /// </summary>
    public UnixFileMode? Mode => (Value & 0xFFFF) == 0xFFFF ? null : (UnixFileMode)(Value & 0xFFF);
}
