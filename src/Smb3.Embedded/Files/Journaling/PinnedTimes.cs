namespace Smb3.Embedded.Files.Journaling;

/// <summary>Times of a file that one open keeps from moving by themselves.</summary>
[Flags]
internal enum PinnedTimes
{
    /// <summary>All times move.</summary>
    None = 0,

    /// <summary>The creation time (which never moves by itself anyway).</summary>
    Creation = 1,

    /// <summary>The last access time.</summary>
    LastAccess = 2,

    /// <summary>The last write time.</summary>
    LastWrite = 4,

    /// <summary>The change time.</summary>
    Change = 8,
}
