using Smb3.Embedded.Nt;

namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>An open file, folder or pipe.</summary>
internal sealed record MonitorOpen
{
    public required string Id { get; init; }

    public required string Path { get; init; }

    /// <summary><c>file</c>, <c>folder</c> or <c>pipe</c>.</summary>
    public required string Kind { get; init; }

    public required string User { get; init; }

    /// <summary>The session; null: its client is away.</summary>
    public string? Session { get; init; }

    public required string Access { get; init; }

    public required MonitorCaching Caching { get; init; }

    public required DateTimeOffset Since { get; init; }

    public static MonitorOpen Of(SmbActiveOpen open) => new()
    {
        Id = MonitorIds.Of(open.OpenId),
        Path = $@"\{open.ShareName}\{open.Path}",
        Kind = open.IsPipe ? "pipe" : open.IsDirectory ? "folder" : "file",
        User = open.Identity.ToString(),
        Session = open.SessionId is { } session ? MonitorIds.Of(session) : null,
        Access = AccessOf(open.Access),
        Caching = MonitorCaching.Of(open.Caching),
        Since = open.OpenedAt,
    };

    private static string AccessOf(FileAccessMask access)
    {
        const FileAccessMask Writing = FileAccessMask.WriteData | FileAccessMask.AppendData;
        return (access & Writing) != 0 ? (access & FileAccessMask.ReadData) != 0 ? "reads and writes" : "writes"
            : (access & FileAccessMask.ReadData) != 0 ? "reads" : string.Empty;
    }
}

/// <summary>What a client may keep of a file.</summary>
/// <param name="Read">What it has read, without asking again.</param>
/// <param name="Write">What it has written, without sending it at once.</param>
/// <param name="Handle">The file open, when its programs have closed it.</param>
internal sealed record MonitorCaching(bool Read, bool Write, bool Handle)
{
    public static MonitorCaching Of(SmbCaching caching) =>
        new(caching.HasFlag(SmbCaching.Read), caching.HasFlag(SmbCaching.Write), caching.HasFlag(SmbCaching.Handle));
}
