using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded;

/// <summary>
/// Users in a file, which is read again when it has changed: within a second new users can log on, and the sessions of those who have changed or are
/// gone have ended. A file that cannot be read, or has a wrong line, changes nothing, and the log says so.
/// </summary>
/// <remarks>
/// Each line is a user, <c>NAME:NTHASH[:GROUP,GROUP[:DISPLAY NAME]]</c>, as <see cref="MakeEntry"/> makes it; <c>!</c> before the hash disables
/// the user. Lines of Samba's <c>smbpasswd</c> are read too, but for accounts of machines. Empty lines, and those that begin with <c>#</c>, are
/// nothing. Who can read the file can log on as everybody in it.
/// </remarks>
public sealed class SmbUsersFile : ISmbUserStore, IDisposable
{
    private const int MaxLength = 16 * 1024 * 1024;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly ILogger _logger;
    private readonly InMemoryUserStore _users = new();
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private (DateTime Written, long Length) _seen;
    private HashSet<string> _names;

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="logger">Told when the file cannot be read later; null: nobody.</param>
    /// <param name="time">The clock; null: the system's.</param>
    /// <exception cref="InvalidDataException">A line is no user, or a name is there twice; the message says which.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public SmbUsersFile(string path, ILogger? logger = null, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = path;
        _logger = logger ?? NullLogger.Instance;
        _names = [];
        Take(Read(path, out _seen));
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0)
        {
            ServerLog.UsersFileIsOpen(_logger, path);
        }

        _timer = (time ?? TimeProvider.System).CreateTimer(static state => ((SmbUsersFile)state!).Look(), this, BetweenLooks, BetweenLooks);
    }

    /// <inheritdoc/>
    public event Action<SmbUserChange> Changed
    {
        add => _users.Changed += value;
        remove => _users.Changed -= value;
    }

    /// <summary>How many users there are.</summary>
    public int Count => _users.Count;

    /// <summary>The users as they are now.</summary>
    internal InMemoryUserStore Users => _users;

    /// <summary>A line for the file.</summary>
    /// <param name="name">The user's name.</param>
    /// <param name="password">The password; not empty.</param>
    /// <param name="groups">The groups that the user is in.</param>
    /// <exception cref="ArgumentException">The password is empty, or a name has a character that the file cannot have.</exception>
    public static string MakeEntry(string name, ReadOnlySpan<char> password, IEnumerable<string>? groups = null)
    {
        string[] memberOf = groups is null ? [] : [.. groups];
        if (!UsersFileFormat.IsName(name) || !Array.TrueForAll(memberOf, group => UsersFileFormat.IsName(group) && !group.Contains(',', StringComparison.Ordinal)))
        {
            throw new ArgumentException("A name is not empty, does not begin with '#', and has neither a colon nor a control character in it; a group's no comma.", nameof(name));
        }

        if (password.IsEmpty)
        {
            throw new ArgumentException("With an empty password anybody could log on.", nameof(password));
        }

        Span<byte> hash = stackalloc byte[SmbUser.NtHashSize];
        SmbUser.ComputeNtHash(password, hash);
        var text = Convert.ToHexString(hash);
        CryptographicOperations.ZeroMemory(hash);
        return memberOf.Length == 0 ? $"{name}:{text}" : $"{name}:{text}:{string.Join(',', memberOf)}";
    }

    /// <summary>Reads a file, to see whether it can be.</summary>
    /// <exception cref="InvalidDataException">A line is no user, or a name is there twice.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    internal static void Check(string path) => Read(path, out _);

    /// <inheritdoc/>
    public ValueTask<SmbUser?> FindAsync(string userName, string domain, CancellationToken cancellationToken) =>
        _users.FindAsync(userName, domain, cancellationToken);

    /// <summary>No longer looks whether the file has changed.</summary>
    public void Dispose() => _timer.Dispose();

    private static List<UsersFileEntry> Read(string path, out (DateTime Written, long Length) seen)
    {
        seen = StampOf(path);
        if (seen.Length > MaxLength)
        {
            throw new InvalidDataException($"{path} is longer than {MaxLength} bytes.");
        }

        var entries = new List<UsersFileEntry>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var problem = UsersFileFormat.Read(line, out var entry);
            problem ??= entry is not null && !names.Add(entry.Name) ? $"there is a user '{entry.Name}' already" : null;
            if (problem is not null)
            {
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{path}, line {number}: {problem}."));
            }

            if (entry is not null)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    private static (DateTime Written, long Length) StampOf(string path)
    {
        var file = new FileInfo(path);
        return (file.LastWriteTimeUtc, file.Length);
    }

    private void Look()
    {
        lock (_lock)
        {
            try
            {
                if (StampOf(_path) != _seen)
                {
                    Take(Read(_path, out _seen));
                    ServerLog.UsersFileRead(_logger, _path, _users.Count);
                }
            }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                // Said once for each state of the file, or while it is away.
                var now = e is InvalidDataException ? _seen : default;
                if (e is InvalidDataException || _seen != default)
                {
                    ServerLog.UsersFileNotRead(_logger, LogText.Ours(e.Message));
                }

                _seen = now;
            }
        }
    }

    private void Take(List<UsersFileEntry> entries)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in entries)
        {
            _users.AddHash(entry.Name, entry.NtHash, entry.Groups, entry.DisplayName, entry.Disabled);
            names.Add(entry.Name);
            CryptographicOperations.ZeroMemory(entry.NtHash);
        }

        foreach (var gone in _names.Except(names, StringComparer.OrdinalIgnoreCase))
        {
            _users.Remove(gone);
        }

        _names = names;
    }
}
