namespace Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;

/// <summary>
/// A keytab on disk, read anew when it has changed: passwords of services are changed under running servers. A file that cannot be read, or is
/// being written, leaves the keys as they were. A file system that does not answer holds up nobody: logons go on with the keys that there are.
/// </summary>
internal sealed class KeytabFile
{
    private const int MaxLength = 4 * 1024 * 1024;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    /// <summary>How long a logon waits to learn whether there are new keys.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly Action<string> _complain;
    private readonly Lock _lock = new();
    private volatile Keytab _current;
    private (DateTime Written, long Length) _seen;
    private Task _look = Task.CompletedTask;
    private long _lookedAt;

    /// <param name="path">The file.</param>
    /// <param name="time">The clock.</param>
    /// <param name="complain">Told why a changed file could not be taken.</param>
    /// <exception cref="IOException">It cannot be read, is no keytab, or has no key that is of use.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public KeytabFile(string path, TimeProvider time, Action<string> complain)
    {
        _path = path;
        _time = time;
        _complain = complain;
        _current = Read(path, out _seen);
        _lookedAt = time.GetTimestamp();
    }

    /// <summary>The keys as of a second ago at most, or as they were when the file could last be read.</summary>
    public ValueTask<Keytab> GetAsync()
    {
        Task look;
        TimeSpan age;
        lock (_lock)
        {
            age = _time.GetElapsedTime(_lookedAt);
            if (_look.IsCompleted && age >= BetweenLooks)
            {
                _lookedAt = _time.GetTimestamp();
                age = TimeSpan.Zero;

                // One at a time, and never on the way of a logon: what a disk that hangs keeps is this one thread.
                _look = Task.Run(Look);
            }

            look = _look;
        }

        return look.IsCompleted || age >= Patience ? new(_current) : new(AfterAsync(look, Patience - age));
    }

    /// <summary>Reads it once.</summary>
    /// <exception cref="IOException">It cannot be read, is no keytab, or has no key that is of use.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static void Check(string path) => Read(path, out _);

    private async Task<Keytab> AfterAsync(Task look, TimeSpan patience)
    {
        try
        {
            await look.WaitAsync(patience, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The keys that there are will do, and the next logons do not wait at all.
        }

        return _current;
    }

    private void Look()
    {
        try
        {
            if (StampOf(_path) != _seen)
            {
                _current = Read(_path, out _seen);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _complain(e.Message);
        }
    }

    private static Keytab Read(string path, out (DateTime Written, long Length) seen)
    {
        seen = StampOf(path);
        if (seen.Length > MaxLength)
        {
            throw new IOException($"{path} is too long for a keytab.");
        }

        var entries = KeytabFormat.Read(File.ReadAllBytes(path))
            ?? throw new IOException($"{path} is not a keytab of version 0x502, or is damaged.");
        return entries.Count > 0
            ? new Keytab(entries)
            : throw new IOException($"{path} has no key of a type that can be used: AES, or RC4 where it is allowed.");
    }

    private static (DateTime Written, long Length) StampOf(string path)
    {
        var file = new FileInfo(path);
        return (file.LastWriteTimeUtc, file.Length);
    }
}
