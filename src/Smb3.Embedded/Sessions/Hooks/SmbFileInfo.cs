using Smb3.Embedded.Nt;

namespace Smb3.Embedded;

/// <summary>A file, directory or stream of a share, as hooks see it.</summary>
/// <param name="ShareName">The share.</param>
/// <param name="Path">
/// The path inside the share, names joined by a backslash, as they were created; empty for the root. Short names and symbolic links have
/// been followed. Characters that Windows forbids in names appear as private-use characters (U+F001 to U+F029), as cifs.ko and macOS write
/// them.
/// </param>
/// <param name="Stream">The named stream; empty for the data of a file and for a directory itself.</param>
/// <param name="IsDirectory">Whether the path is a directory.</param>
public sealed record SmbFileName(string ShareName, string Path, string Stream, bool IsDirectory)
{
    /// <summary>The last name of the path; empty for the root.</summary>
    public string Name => Path[(Path.LastIndexOf('\\') + 1)..];

    /// <summary>The stream's type: <c>$DATA</c>, or <c>$INDEX_ALLOCATION</c> for a directory itself.</summary>
    public string StreamType => IsDirectory && Stream.Length == 0 ? "$INDEX_ALLOCATION" : "$DATA";

    /// <summary>The full name: <c>share\folder\file</c>, or <c>share\folder\file:stream</c>.</summary>
    public override string ToString() => $"{ShareName}\\{Path}{(Stream.Length > 0 ? ":" : string.Empty)}{Stream}";
}

/// <summary>An open that is about to happen.</summary>
/// <param name="File">What is opened or created.</param>
/// <param name="Access">The rights that the open will have.</param>
/// <param name="Disposition">What the client wants to happen when the file exists and when it does not.</param>
/// <param name="Options">How it is opened.</param>
/// <param name="Exists">Whether it exists already; if not, it is created.</param>
public sealed record SmbOpenInfo(
    SmbFileName File, FileAccessMask Access, CreateDisposition Disposition, CreateOptions Options, bool Exists)
{
    private const FileAccessMask Writing = FileAccessMask.WriteData | FileAccessMask.AppendData;

    /// <summary>The share.</summary>
    public string ShareName => File.ShareName;

    /// <summary>The path inside the share.</summary>
    public string Path => File.Path;

    /// <summary>Whether an existing file loses its data, and its streams with it.</summary>
    public bool Overwrites =>
        Exists && Disposition is CreateDisposition.Supersede or CreateDisposition.Overwrite or CreateDisposition.OverwriteIf;

    /// <summary>Whether data can change: the file is created or overwritten, or the open may write to it.</summary>
    public bool Writes => !Exists || Overwrites || (!IsDirectoryItself && (Access & Writing) != 0);

    // On a directory the same bits allow adding names, and each of those is an open of its own.
    private bool IsDirectoryItself => File.IsDirectory && File.Stream.Length == 0;
}

/// <summary>A rename that is about to happen.</summary>
/// <param name="Source">What it is called now.</param>
/// <param name="Target">What it will be called: in the same directory or another, or another stream of the same file.</param>
/// <param name="Replaces">Whether an existing file of that name is replaced.</param>
public sealed record SmbRenameInfo(SmbFileName Source, SmbFileName Target, bool Replaces);

/// <summary>A hard link that is about to be created.</summary>
/// <param name="File">The file, by one of its names.</param>
/// <param name="Link">The new name.</param>
/// <param name="Replaces">Whether the name is taken from another file.</param>
public sealed record SmbLinkInfo(SmbFileName File, SmbFileName Link, bool Replaces);

/// <summary>A deletion that is about to be allowed.</summary>
/// <param name="File">What is to be deleted.</param>
/// <param name="Cause">What deletes it.</param>
public sealed record SmbDeleteInfo(SmbFileName File, SmbDeleteCause Cause);

/// <summary>What causes a file, directory or stream to be deleted.</summary>
public enum SmbDeleteCause
{
    /// <summary>A request to delete what is open.</summary>
    Request,

    /// <summary>An open that deletes when it is closed.</summary>
    OnClose,

    /// <summary>A rename or a hard link that takes over the name.</summary>
    Replaced,
}

/// <summary>A change of owner, rights or permission bits that is about to happen.</summary>
/// <param name="File">What is changed.</param>
/// <param name="Parts">Which parts are set.</param>
/// <param name="Descriptor">
/// A self-relative security descriptor that holds them (MS-DTYP 2.4.6). Permission bits appear in it as POSIX clients send them: as an
/// entry of the DACL for the SID S-1-5-88-3-MODE.
/// </param>
public sealed record SmbSecurityInfo(SmbFileName File, SmbSecurityParts Parts, ReadOnlyMemory<byte> Descriptor);

/// <summary>Parts of a security descriptor.</summary>
[Flags]
public enum SmbSecurityParts
{
    /// <summary>No part.</summary>
    None = 0,

    /// <summary>The owner.</summary>
    Owner = 1,

    /// <summary>The primary group.</summary>
    Group = 2,

    /// <summary>Who may do what.</summary>
    Dacl = 4,

    /// <summary>What is audited, labels and resource attributes included.</summary>
    Sacl = 8,
}

/// <summary>An open that has ended.</summary>
/// <param name="File">What was open, under its current name.</param>
/// <param name="BytesRead">Bytes read through it, server-side copies included.</param>
/// <param name="BytesWritten">Bytes written through it, server-side copies included.</param>
/// <param name="Deleted">Whether it was deleted with this close.</param>
public sealed record SmbCloseInfo(SmbFileName File, long BytesRead, long BytesWritten, bool Deleted);
