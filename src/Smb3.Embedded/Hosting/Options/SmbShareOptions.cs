using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;

namespace Smb3.Embedded;

/// <summary>A share: a name that clients use, what is behind it, and who may use it.</summary>
public sealed class SmbShareOptions
{
    /// <summary>The value of <see cref="Folder"/> that stands for a new, empty store in memory.</summary>
    public const string Memory = "memory:";

    /// <summary>
    /// The name, at most 80 characters, unique without regard to case. A name that ends in <c>$</c> is not shown by clients.
    /// </summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>The folder that is shared, or <see cref="Memory"/>. Either this or <see cref="Store"/> is set.</summary>
    public string? Folder { get; set; }

    /// <summary>The store that is shared. The host keeps owning it: the server does not dispose it.</summary>
    public IFileStore? Store { get; set; }

    /// <summary>A comment that clients show beside the name; at most 256 characters.</summary>
    public string Comment { get; set; } = string.Empty;

    /// <summary>Whether nothing can be changed through this share.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>Whether everything on this share must be encrypted; clients older than SMB 3.0 cannot use it then.</summary>
    public bool Encrypt { get; set; }

    /// <summary>
    /// Whether clients are asked to compress what they write to this share and to have compressed what they read from it, as far as they can
    /// (SMB 3.1.1). For slow links: it takes processor time on both sides. What does not become shorter is sent as it is. Has no effect
    /// where <see cref="SmbServerOptions.Compression"/> is off.
    /// </summary>
    public bool Compress { get; set; }

    /// <summary>
    /// Whether guests and anonymous clients may use it. Setting it on a share of <see cref="SmbServerOptions.Shares"/> enables guest and
    /// anonymous logons on the server; every other share stays closed to them.
    /// </summary>
    public bool AllowGuest { get; set; }

    /// <summary>
    /// Whether listings leave out the files and folders that the user may not read (access-based enumeration). Opening one by its name
    /// is refused as usual. It has no effect where the store keeps no security descriptors.
    /// </summary>
    public bool AccessBasedEnumeration { get; set; }

    /// <summary>Whether it is left out of the list of shares.</summary>
    public bool Hidden { get; set; }

    /// <summary>The most tree connects it can have at the same time; <see langword="null"/>: any number.</summary>
    public int? MaxUsers { get; set; }

    /// <summary>Access of individual users, by name; it overrides that of their groups.</summary>
    public IDictionary<string, SmbShareAccess> Users { get; } = new Dictionary<string, SmbShareAccess>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Access of groups, by name; a member of several has the most that any of them grants.</summary>
    public IDictionary<string, SmbShareAccess> Groups { get; } = new Dictionary<string, SmbShareAccess>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Access of all users who are named in neither. When it is not set: <see cref="SmbShareAccess.Full"/> if no user and no group is
    /// named, otherwise <see cref="SmbShareAccess.None"/>.
    /// </summary>
    public SmbShareAccess? Others { get; set; }

    /// <summary>
    /// Whether macOS may keep Time Machine backups on it: clients are told that FLUSH makes everything durable, which is true for folders.
    /// Macs find it by themselves only if it is announced over mDNS (<c>_adisk._tcp</c>), as the package <c>Smb3.Embedded.Discovery</c> does.
    /// </summary>
    public bool TimeMachine { get; set; }

    /// <summary>
    /// Whether Macs find what a Mac would serve them: extensions of the protocol that make Finder quick (<c>AAPL</c>), and streams of Finder
    /// info and resource forks that are never malformed and never empty. It changes nothing for other clients' own streams.
    /// </summary>
    public bool MacSupport { get; set; } = true;

    /// <summary>
    /// Whether clients can use the SMB 3.1.1 POSIX extensions here (the mount option <c>posix</c> of Linux): permission bits, names with
    /// any character, deletion and replacement of open files. A folder or memory is then case-sensitive, for all clients.
    /// </summary>
    public bool Posix { get; set; }

    /// <summary>
    /// Whether what clients have open here outlives the server's process: they can ask for persistent handles, and after a crash, a loss of
    /// power or an upgrade they continue with the same handles, locks and caches. Needs a state store
    /// (<see cref="SmbServerOptions.StateStore"/>), and a store whose files keep their ids.
    /// </summary>
    public bool ContinuouslyAvailable { get; set; }

    /// <summary>
    /// Whether the nodes of a cluster (<see cref="SmbServerOptions.Cluster"/>) serve it in turn, each of which has it with the same name and the
    /// same files: one at a time, and when that dies another, where clients go on with what they have open. It is
    /// <see cref="ContinuouslyAvailable"/> with that; what clients have open is kept by the cluster. No other share may have the same folder.
    /// </summary>
    public bool Clustered { get; set; }

    /// <summary>Whether persistent handles are granted.</summary>
    internal bool IsContinuous => ContinuouslyAvailable || Clustered;

    /// <summary>
    /// Whether changes may be acknowledged while they are only in the cache of the machine or of the store, and so be lost when the power
    /// fails, unless the client asks for more by a flush or by write-through. <see langword="null"/>: not where the share is
    /// <see cref="ContinuouslyAvailable"/>, where an acknowledged change must survive; everywhere else they may. The death of the process
    /// alone loses nothing either way.
    /// </summary>
    public bool? WriteCache { get; set; }

    /// <summary>The effective value of <see cref="WriteCache"/>.</summary>
    internal bool AnswersFromCache => WriteCache ?? !IsContinuous;

    /// <summary>
    /// Where earlier states of <see cref="Folder"/> are: a folder with one folder for each snapshot. <see langword="null"/>: there are
    /// none. A <see cref="Store"/> brings snapshots of its own.
    /// </summary>
    public PhysicalSnapshotOptions? Snapshots { get; set; }

    /// <summary>
    /// What becomes of the data that clients have cached of a file when another program on the server's machine uses it.
    /// </summary>
    public SmbLocalPrograms LocalPrograms { get; set; }

    /// <summary>
    /// Whether the <see cref="Folder"/> counts what each owner of files uses, and administrators can limit it, as on NTFS. Needs Linux and a
    /// file system with extended attributes. Memory always does, and a <see cref="Store"/> brings quotas of its own.
    /// </summary>
    public bool Quotas { get; set; }

    /// <summary>The namespace that it is; <see langword="null"/>: an ordinary share.</summary>
    internal Hosting.Options.HostedNamespace? Namespace { get; set; }

    /// <summary>The part of a clustered share that it is; <see langword="null"/>: a share as the host has it.</summary>
    internal Hosting.Options.SharePart? Part { get; set; }

    internal SmbShareOptions Clone()
    {
        var clone = new SmbShareOptions
        {
            Name = Name,
            Folder = Folder,
            Store = Store,
            Comment = Comment,
            ReadOnly = ReadOnly,
            Encrypt = Encrypt,
            Compress = Compress,
            AllowGuest = AllowGuest,
            AccessBasedEnumeration = AccessBasedEnumeration,
            Hidden = Hidden,
            MaxUsers = MaxUsers,
            Others = Others,
            Snapshots = Snapshots,
            TimeMachine = TimeMachine,
            MacSupport = MacSupport,
            Posix = Posix,
            ContinuouslyAvailable = ContinuouslyAvailable,
            Clustered = Clustered,
            WriteCache = WriteCache,
            LocalPrograms = LocalPrograms,
            Quotas = Quotas,
            Namespace = Namespace,
            Part = Part,
        };
        foreach (var (name, access) in Users)
        {
            clone.Users[name] = access;
        }

        foreach (var (name, access) in Groups)
        {
            clone.Groups[name] = access;
        }

        return clone;
    }
}
