namespace Smb3.Embedded.Files.Caching;

/// <summary>When a change of a file ends the caching of the listing that shows it.</summary>
internal enum ListingBreak
{
    /// <summary>At once: the listing shows it (what SET_INFO sets, and an overwrite).</summary>
    Now,

    /// <summary>With the close of who made it: NTFS shows what is written to a file in its directory only then.</summary>
    AtClose,

    /// <summary>Not at all: the listing was broken for it before.</summary>
    None,
}
