using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Posix;

/// <summary>
/// The end of <see cref="PosixInformation"/>, which the POSIX create context of a response consists of: HardLinks (4), ReparseTag (4),
/// Mode (4), Owner, Group.
/// </summary>
/// <param name="HardLinks">Names of the file.</param>
/// <param name="ReparseTag">Tag of a reparse point.</param>
/// <param name="Mode">Permission bits, and from bit 12 on the type of the file.</param>
/// <param name="Owner">The owner.</param>
/// <param name="Group">The group.</param>
internal readonly record struct PosixState(uint HardLinks, uint ReparseTag, uint Mode, Sid Owner, Sid Group)
{
    public const int MaxSize = 12 + (2 * Sid.MaxBinaryLength);

    public int Size => 12 + Owner.BinaryLength + Group.BinaryLength;

    public void Write(Span<byte> target)
    {
        target.Put(0, HardLinks);
        target.Put(4, ReparseTag);
        target.Put(8, Mode);
        Owner.WriteTo(target[12..]);
        Group.WriteTo(target[(12 + Owner.BinaryLength)..]);
    }

    /// <summary>
    /// The mode on the wire. A directory is recognized by its attribute and has no type here, and neither has a plain file: older clients
    /// would not understand it.
    /// </summary>
    /// <param name="permissions">Permission bits.</param>
    /// <param name="type">2 symbolic link, 3 character device, 4 block device, 5 FIFO, 6 socket; otherwise 0.</param>
    public static uint WireMode(UnixFileMode permissions, int type) => ((uint)permissions & 0xFFF) | ((uint)type << 12);
}
