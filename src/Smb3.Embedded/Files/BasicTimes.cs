using Smb3.Embedded.Files.Journaling;

namespace Smb3.Embedded.Files;

/// <summary>
/// The four times of FileBasicInformation as they are on the wire: 0, −1 and −2 are instructions, not times (MS-FSCC 2.4.7).
/// </summary>
internal readonly record struct BasicTimes(long Creation, long LastAccess, long LastWrite, long Change)
{
    /// <summary>The times whose value is <paramref name="order"/>.</summary>
    public PinnedTimes With(long order) =>
        (Creation == order ? PinnedTimes.Creation : 0)
        | (LastAccess == order ? PinnedTimes.LastAccess : 0)
        | (LastWrite == order ? PinnedTimes.LastWrite : 0)
        | (Change == order ? PinnedTimes.Change : 0);

    /// <summary>The times that have a value.</summary>
    public PinnedTimes Set() =>
        (Creation > 0 ? PinnedTimes.Creation : 0)
        | (LastAccess > 0 ? PinnedTimes.LastAccess : 0)
        | (LastWrite > 0 ? PinnedTimes.LastWrite : 0)
        | (Change > 0 ? PinnedTimes.Change : 0);

    /// <summary>Whether one of them is less than <paramref name="least"/>.</summary>
    public bool AnyBelow(long least) => Creation < least || LastAccess < least || LastWrite < least || Change < least;
}
