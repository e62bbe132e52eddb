namespace Smb3.Embedded.Sqlite;

/// <summary>Where a state file is, and whether it was there.</summary>
internal sealed class StatePlace(string path, TimeSpan lockTimeout)
{
    private volatile bool _wasOpen;

    public string Path => path;

    /// <summary>
    /// Opens the file, and makes it when it was never there. One that was may not be made again: an empty one would forget the tokens that were
    /// given.
    /// </summary>
    public StateFile Open()
    {
        var file = StateFile.Open(path, lockTimeout, mayCreate: !_wasOpen);
        _wasOpen = true;
        return file;
    }
}
