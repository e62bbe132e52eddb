using System.Collections.Concurrent;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Volume;

/// <summary>
/// Finds out what a file system can do by trying it, with files that have no name (O_TMPFILE), which nobody sees and which disappear by
/// themselves. Where such files cannot be created, nothing is promised.
/// </summary>
internal static unsafe class FileSystemProbe
{
    private const int Size = 128 * 1024;

    /// <summary>The most file systems that are remembered: where mounts come and go, those that have gone are forgotten some day.</summary>
    private const int MaxRemembered = 1000;

    /// <summary>
    /// What was found, by mount and device: a node of a cluster opens shares on one file system by the hundred while their clients wait. The kernel gives
    /// no number of a mount twice, and each volume of a file system that has several is a device of its own.
    /// </summary>
    private static readonly ConcurrentDictionary<(ulong Mount, ulong Device, bool HasAttributes), StoreAbilities> Found = new();

    /// <summary>The abilities of a folder that depend on its file system.</summary>
    public static StoreAbilities Run(FileDescriptor root, bool hasAttributes, bool isReadOnly)
    {
        // Abilities that are kept in extended attributes.
        var abilities = hasAttributes ? StoreAbilities.ReparsePoints | StoreAbilities.ObjectIds : 0;
        if (isReadOnly)
        {
            return abilities;
        }

        var isKnown = InodeCalls.Stat(root, out var stat) == 0 && (stat.Mask & StatxBuffer.UniqueMount) != 0;
        var place = (stat.Mount, stat.Device, hasAttributes);
        if (isKnown && Found.TryGetValue(place, out var found))
        {
            return abilities | found;
        }

        if (Try(root, hasAttributes) is not { } tried)
        {
            return abilities; // which says more of the folder than of its file system
        }

        if (isKnown)
        {
            if (Found.Count >= MaxRemembered)
            {
                Found.Clear();
            }

            Found[place] = tried;
        }

        return abilities | tried;
    }

    /// <summary>Tries it; <see langword="null"/>: nothing can be written there.</summary>
    private static StoreAbilities? Try(FileDescriptor root, bool hasAttributes)
    {
        using var one = OpenUnnamed(root);
        using var two = OpenUnnamed(root);
        if (one is null || two is null || !Fill(one))
        {
            return null;
        }

        StoreAbilities abilities = 0;
        if (CanClone(one, two))
        {
            abilities |= StoreAbilities.BlockCloning;
        }

        if (CanCompress(two))
        {
            abilities |= StoreAbilities.Compression;
        }

        if (hasAttributes && CanPunch(one))
        {
            abilities |= StoreAbilities.SparseFiles;
        }

        if (ExtentCalls.Find(two, 0, out _) == 0)
        {
            abilities |= StoreAbilities.Extents;
        }

        return abilities;
    }

    private static FileDescriptor? OpenUnnamed(FileDescriptor root)
    {
        const uint OwnerOnly = 0b110_000_000;
        fixed (byte* dot = ".\0"u8)
        {
            var opened = Native.OpenAt(root, dot, OpenFlags.ReadWrite | OpenFlags.Unnamed | OpenFlags.CloseOnExec, OwnerOnly);
            return opened < 0 ? null : new FileDescriptor(opened);
        }
    }

    private static bool Fill(FileDescriptor file)
    {
        var data = new byte[Size];
        data.AsSpan().Fill(1);
        fixed (byte* bytes = data)
        {
            return Native.PWrite(file, bytes, Size, 0) == Size;
        }
    }

    private static bool CanClone(FileDescriptor from, FileDescriptor to)
    {
        var range = new CloneRange { Source = from.Number, Length = Size };
        return Native.Control(to, Native.CloneRangeRequest, &range) == 0;
    }

    // Other file systems keep the flag and do nothing with it.
    private static bool CanCompress(FileDescriptor file)
    {
        StatFsBuffer volume;
        uint flags = 0;
        if (Native.StatFs(file, &volume) != 0 || volume.Type != StatFsBuffer.Btrfs
            || Native.Control(file, Native.GetFlagsRequest, &flags) != 0)
        {
            return false;
        }

        flags |= Native.CompressFlag;
        return Native.Control(file, Native.SetFlagsRequest, &flags) == 0
            && InodeCalls.Stat(file, out var stat) == 0 && (stat.Attributes & StatxBuffer.IsCompressed) != 0;
    }

    private static bool CanPunch(FileDescriptor file) =>
        Native.Allocate(file, Native.PunchHole | Native.KeepSize, 0, Size / 2) == 0
        && Native.Seek(file, 0, Native.SeekData) > 0;
}
