using Smb3.Embedded.Storage.Accounting;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>
/// Goes through a folder and counts every file once, however many names it has. No symbolic link is followed. What it holds is the names of
/// the directories beside those on its way, and a bit for each file; of descriptors never more than a few dozen, however deep the folder.
/// </summary>
/// <param name="table">Where it counts.</param>
/// <param name="streams">Knows the streams of files.</param>
internal sealed unsafe class TreeCount(ChargeTable table, IStreamLengths streams)
{
    private const int MostOpen = 32;

    private readonly List<Level> _levels = [];

    /// <summary>What could not be read, as the first of it; null: all could.</summary>
    public string? Unread { get; private set; }

    /// <summary>Counts everything below the root, and the root.</summary>
    public void Run(FileDescriptor root, CancellationToken cancellationToken)
    {
        try
        {
            CountInode(root);
            _levels.Add(new Level(root, [], ReadDirectory(root, cancellationToken)));
            while (_levels.Count > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var level = _levels[^1];
                if (!level.TryNext(out var name))
                {
                    Leave(root);
                    continue;
                }

                Descend(name, cancellationToken);
            }
        }
        finally
        {
            while (_levels.Count > 0)
            {
                Leave(root);
            }
        }
    }

    private void Leave(FileDescriptor root)
    {
        var place = _levels[^1].Place;
        if (place != root)
        {
            place?.Dispose();
        }

        _levels.RemoveAt(_levels.Count - 1);
    }

    private void Descend(byte[] nameWithZero, CancellationToken cancellationToken)
    {
        var parent = Reach(_levels.Count - 1, out var isPassing);
        if (parent is null)
        {
            return; // it has been moved or removed meanwhile
        }

        var child = OpenDirectory(parent, nameWithZero);
        if (isPassing)
        {
            parent.Dispose();
        }

        if (child is null)
        {
            return;
        }

        CountInode(child);
        var below = ReadDirectory(child, cancellationToken);
        var isKept = _levels.Count < MostOpen;
        _levels.Add(new Level(isKept ? child : null, nameWithZero, below));
        if (!isKept)
        {
            child.Dispose();
        }
    }

    /// <summary>The directory of a level, opened once more from the nearest one above it that is open.</summary>
    private FileDescriptor? Reach(int index, out bool isPassing)
    {
        isPassing = false;
        var from = index;
        while (_levels[from].Place is null)
        {
            from--;
        }

        var place = _levels[from].Place;
        while (place is not null && from < index)
        {
            var next = OpenDirectory(place, _levels[++from].Name);
            if (isPassing)
            {
                place.Dispose();
            }

            place = next;
            isPassing = true;
        }

        return place;
    }

    /// <summary>Counts the files of a directory, and returns the names of its directories, each with a zero byte behind it.</summary>
    private byte[] ReadDirectory(FileDescriptor directory, CancellationToken cancellationToken)
    {
        using var reader = DirectoryReader.Open(directory, out var error);
        if (reader is null)
        {
            NoteUnread(directory, error);
            return [];
        }

        var directories = new MemoryStream();
        while (reader.TryNext(out var name, out var type, out error))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (ReservedNames.Is(name[..^1]))
            {
                continue;
            }

            if (type == DirectoryReader.UnknownType && InodeCalls.StatEntry(directory, name, out var stat) == 0)
            {
                type = stat.IsDirectory ? DirectoryReader.DirectoryType : stat.IsRegular ? DirectoryReader.RegularType : type;
            }

            if (type == DirectoryReader.DirectoryType)
            {
                directories.Write(name);
            }
            else if (type == DirectoryReader.RegularType)
            {
                CountFile(directory, name);
            }
        }

        if (error != 0)
        {
            NoteUnread(directory, error);
        }

        return directories.ToArray();
    }

    private void CountFile(FileDescriptor directory, ReadOnlySpan<byte> nameWithZero)
    {
        using var file = Open(directory, nameWithZero, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec);
        if (file is not null)
        {
            CountInode(file);
        }
    }

    private void CountInode(FileDescriptor file)
    {
        var error = InodeCalls.Stat(file, out var stat);
        if (error != 0 || !(stat.IsRegular || stat.IsDirectory) || stat.Links == 0)
        {
            return;
        }

        error = AttributeCalls.Get(file, InodeExtras.DescriptorName, out var descriptor);
        if (error is not (0 or Errno.NoData or Errno.NotSupported))
        {
            NoteUnread(file, error);
        }

        if (error == 0 && table.AccountOf(descriptor) is { } account)
        {
            table.Count(InodeKey.Of(stat), account, (stat.IsRegular ? stat.Size : 0) + streams.TotalOf(file, stat));
        }
    }

    private FileDescriptor? OpenDirectory(FileDescriptor parent, ReadOnlySpan<byte> nameWithZero) =>
        Open(parent, nameWithZero, OpenFlags.Path | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec);

    private FileDescriptor? Open(FileDescriptor parent, ReadOnlySpan<byte> nameWithZero, int flags)
    {
        fixed (byte* name = nameWithZero)
        {
            var opened = Native.OpenAt(parent, name, flags, 0);
            if (opened >= 0)
            {
                return new FileDescriptor(opened) { IsPlace = true };
            }
        }

        // It may have gone, or something else may have its name by now.
        if (Native.LastError is var error and not (Errno.NoEntry or Errno.NotDirectory or Errno.Loop))
        {
            NoteUnread(parent, error);
        }

        return null;
    }

    private void NoteUnread(FileDescriptor file, Errno error) =>
        Unread ??= $"{InodeCalls.PathOf(file) ?? "a directory"} (error {(int)error})";

    /// <summary>A directory on the way.</summary>
    /// <param name="place">The directory; null when it is too deep to be kept open.</param>
    /// <param name="name">Its name, with a zero byte behind it.</param>
    /// <param name="below">The names of the directories in it, each with a zero byte behind it.</param>
    private sealed class Level(FileDescriptor? place, byte[] name, byte[] below)
    {
        private int _at;

        public FileDescriptor? Place => place;

        public byte[] Name => name;

        public bool TryNext(out byte[] next)
        {
            var rest = below.AsSpan(_at);
            next = rest.IsEmpty ? [] : rest[..(rest.IndexOf((byte)0) + 1)].ToArray();
            _at += next.Length;
            return next.Length > 0;
        }
    }
}
