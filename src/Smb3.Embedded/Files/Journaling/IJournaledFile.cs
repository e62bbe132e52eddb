namespace Smb3.Embedded.Files.Journaling;

/// <summary>A file as the journal of its opens sees it.</summary>
internal interface IJournaledFile
{
    /// <summary>
    /// Runs <paramref name="capture"/> while nothing passes from one open to another. Captured one after the other, a lock or a cache that
    /// changes hands in between would be in the records of both, and a crash before the next commit would leave both with it.
    /// </summary>
    void Freeze(Action capture);
}
