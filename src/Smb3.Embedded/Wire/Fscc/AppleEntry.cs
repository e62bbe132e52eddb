using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// What a directory entry tells a macOS client that negotiated kAAPL_SUPPORTS_READ_DIR_ATTR or its second version: the access in place of
/// EaSize, which a reparse point needs for its tag; flags (2) in place of the short name's length; the resource fork's length (8) and the Finder
/// info (16), shortened, in place of the short name; and the mode (2) behind it.
/// </summary>
/// <param name="MaximalAccess">What the caller may do with the file.</param>
/// <param name="ResourceForkLength">Length of the stream AFP_Resource.</param>
/// <param name="FinderInfo">Type (4), creator (4), flags (2), extended flags (2), date added (4), as they lie in the stream.</param>
/// <param name="Mode">Type and permission bits of UNIX; 0 where modes are not told.</param>
/// <param name="Flags">In the second version <see cref="NoExtendedAttributes"/> or 0; in the first, the length of what follows.</param>
internal readonly record struct AppleEntry(
    FileAccessMask MaximalAccess, long ResourceForkLength, UInt128 FinderInfo, ushort Mode, ushort Flags)
{
    /// <summary>What a Mac writes in the first version, though the definition says 0.</summary>
    public const ushort FirstVersion = 24;

    /// <summary>kAAPL_READ_DIR_NO_XATTR: the file has no extended attributes, so the client need not ask.</summary>
    public const ushort NoExtendedAttributes = 1;
}
