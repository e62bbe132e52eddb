using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Sharing;

/// <summary>
/// How the opens of one file share it, kept as counts, so that a new open costs the same beside one other as beside ten thousand
/// (MS-FSA 2.1.5.1.2.2). Opens that only touch attributes take no part. Guarded by the file object's lock.
/// </summary>
internal struct ShareModes
{
    private const FileAccessMask Reading = FileAccessMask.ReadData | FileAccessMask.Execute;
    private const FileAccessMask Writing = FileAccessMask.WriteData | FileAccessMask.AppendData;

    private int _opens;
    private int _readers;
    private int _writers;
    private int _deleters;
    private int _sharingRead;
    private int _sharingWrite;
    private int _sharingDelete;

    /// <summary>Whether an open with this access takes part in sharing at all.</summary>
    public static bool Matters(FileAccessMask access) => (access & (Reading | Writing | FileAccessMask.Delete)) != 0;

    /// <summary>Whether any open may delete.</summary>
    public readonly bool AnyDeleter => _deleters > 0;

    /// <summary>Whether a new open may have <paramref name="access"/> and grant others <paramref name="share"/>.</summary>
    public readonly bool Allows(FileAccessMask access, ShareAccess share)
    {
        if (!Matters(access))
        {
            return true;
        }

        return ((access & Reading) == 0 || _sharingRead == _opens)
            && ((access & Writing) == 0 || _sharingWrite == _opens)
            && ((access & FileAccessMask.Delete) == 0 || _sharingDelete == _opens)
            && (_readers == 0 || (share & ShareAccess.Read) != 0)
            && (_writers == 0 || (share & ShareAccess.Write) != 0)
            && (_deleters == 0 || (share & ShareAccess.Delete) != 0);
    }

    /// <summary>Whether two opens of a file can coexist.</summary>
    public static bool Allow(FileAccessMask access, ShareAccess share, FileAccessMask otherAccess, ShareAccess otherShare)
    {
        ShareModes one = default;
        one.Add(access, share);
        return one.Allows(otherAccess, otherShare);
    }

    /// <summary>Counts an open in.</summary>
    public void Add(FileAccessMask access, ShareAccess share) => Count(access, share, 1);

    /// <summary>Counts an open out.</summary>
    public void Remove(FileAccessMask access, ShareAccess share) => Count(access, share, -1);

    private void Count(FileAccessMask access, ShareAccess share, int by)
    {
        if (!Matters(access))
        {
            return;
        }

        _opens += by;
        _readers += (access & Reading) != 0 ? by : 0;
        _writers += (access & Writing) != 0 ? by : 0;
        _deleters += (access & FileAccessMask.Delete) != 0 ? by : 0;
        _sharingRead += (share & ShareAccess.Read) != 0 ? by : 0;
        _sharingWrite += (share & ShareAccess.Write) != 0 ? by : 0;
        _sharingDelete += (share & ShareAccess.Delete) != 0 ? by : 0;
    }
}
