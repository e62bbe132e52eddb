using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// What a directory entry tells a macOS client that negotiated kAAPL_SUPPORTS_READ_DIR_ATTR: the access in place of EaSize, and in place of
/// the short name the resource fork's length (8) and the Finder info (16), shortened.
/// </summary>
/// <param name="MaximalAccess">What the caller may do with the file.</param>
/// <param name="ResourceForkLength">Length of the stream AFP_Resource.</param>
/// <param name="FinderInfo">Type (4), creator (4), flags (2), extended flags (2), date added (4), as they lie in the stream.</param>
internal readonly record struct AppleEntry(FileAccessMask MaximalAccess, long ResourceForkLength, UInt128 FinderInfo);
