using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Security.Directory;

/// <summary>The accounts of a directory, as the server asks for them: remembered, bounded, and without exceptions.</summary>
internal sealed class DirectoryAccounts : IDisposable
{
    /// <summary>No directory has longer names.</summary>
    private const int MaxName = 256;

    private readonly DirectoryGate _gate;
    private readonly DirectoryLookup<Sid, SmbAccount> _bySid;
    private readonly DirectoryLookup<(string? Domain, string Name), SmbAccount> _byName;
    private readonly DirectoryLookup<Sid, IReadOnlyList<Sid>> _groups;

    /// <param name="source">The directory.</param>
    /// <param name="options">The limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tell">Told why the directory does not answer, once, and null when it answers again.</param>
    public DirectoryAccounts(IAccountResolver source, SmbDirectoryOptions options, TimeProvider time, Action<string?> tell)
    {
        _gate = new DirectoryGate(options, time, tell);
        _bySid = new(_gate, options, time, source.FindAsync);
        _byName = new(_gate, options, time, (key, token) => source.FindAsync(key.Domain, key.Name, token));
        _groups = new(_gate, options, time, source.FindGroupsAsync);
    }

    /// <summary>The account of a SID.</summary>
    public ValueTask<DirectoryAnswer<SmbAccount>> FindAsync(Sid sid, CancellationToken cancellationToken) =>
        _bySid.FindAsync(sid, cancellationToken);

    /// <summary>The account of a name.</summary>
    public async ValueTask<DirectoryAnswer<SmbAccount>> FindAsync(string? domain, string name, CancellationToken cancellationToken)
    {
        if (name.Length is 0 or > MaxName || domain?.Length > MaxName)
        {
            return new(true, null);
        }

        domain = string.IsNullOrEmpty(domain) ? null : domain.ToUpperInvariant();
        var answer = await _byName.FindAsync((domain, name.ToUpperInvariant()), cancellationToken).ConfigureAwait(false);
        if (answer.Value is { } found)
        {
            // Who looks up a name will ask for the SID again, to show it.
            _bySid.Keep(found.Sid, found);
        }

        return answer;
    }

    /// <summary>The groups of a user.</summary>
    public ValueTask<DirectoryAnswer<IReadOnlyList<Sid>>> FindGroupsAsync(Sid user, CancellationToken cancellationToken) =>
        _groups.FindAsync(user, cancellationToken);

    public void Dispose() => _gate.Dispose();
}
