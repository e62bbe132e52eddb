using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.TestClient.Wire;

/// <summary>A directory entry as the client reads it; what its class does not have is zero.</summary>
internal sealed record ListedFile(
    string Name, string ShortName, FileNetworkOpenInformation File, ulong FileId, uint EaSize, uint ReparseTag);

/// <summary>Reads the lists that QUERY_DIRECTORY, QUERY_INFO and CHANGE_NOTIFY return (MS-FSCC 2.4), strictly.</summary>
internal static class ListReader
{
    /// <summary>The entries of a directory, in whatever class they were asked for.</summary>
    public static IReadOnlyList<ListedFile> Directory(FileInformationClass informationClass, ReadOnlySpan<byte> buffer)
    {
        var files = new List<ListedFile>();
        foreach (var (at, size) in Entries(buffer, 8))
        {
            files.Add(ReadFile(informationClass, buffer.Slice(at, size)));
        }

        return files;
    }

    /// <summary>FileStreamInformation.</summary>
    public static IReadOnlyList<(string Name, long Size, long AllocationSize)> Streams(ReadOnlySpan<byte> buffer)
    {
        var streams = new List<(string, long, long)>();
        foreach (var (at, size) in Entries(buffer, 8))
        {
            var entry = buffer.Slice(at, size);
            streams.Add((entry.Slice(24, (int)entry.UInt32(4)).Utf16(), entry.Int64(8), entry.Int64(16)));
        }

        return streams;
    }

    /// <summary>FILE_NOTIFY_INFORMATION.</summary>
    public static IReadOnlyList<(ChangeAction Action, string Name)> Changes(ReadOnlySpan<byte> buffer)
    {
        var changes = new List<(ChangeAction, string)>();
        foreach (var (at, size) in Entries(buffer, 4))
        {
            var entry = buffer.Slice(at, size);
            changes.Add(((ChangeAction)entry.UInt32(4), entry.Slice(12, (int)entry.UInt32(8)).Utf16()));
        }

        return changes;
    }

    private static List<(int At, int Size)> Entries(ReadOnlySpan<byte> buffer, int alignment)
    {
        var entries = new List<(int, int)>();
        var at = 0;
        while (at < buffer.Length)
        {
            var next = (int)buffer.UInt32(at);
            if (next < 0 || next > buffer.Length - at || next % alignment != 0)
            {
                throw new InvalidDataException($"Entry at {at} points {next} bytes on in a list of {buffer.Length}.");
            }

            entries.Add((at, next == 0 ? buffer.Length - at : next));
            if (next == 0)
            {
                break;
            }

            at += next;
        }

        return entries;
    }

    // Written out per class on purpose: a reader that shared the writer's table would agree with its mistakes.
    private static ListedFile ReadFile(FileInformationClass informationClass, ReadOnlySpan<byte> entry)
    {
        if (informationClass == FileInformationClass.FileNamesInformation)
        {
            return new(entry.Slice(12, (int)entry.UInt32(8)).Utf16(), string.Empty, default, 0, 0, 0);
        }

        var file = new FileNetworkOpenInformation
        {
            CreationTime = new FileTime(entry.Int64(8)),
            LastAccessTime = new FileTime(entry.Int64(16)),
            LastWriteTime = new FileTime(entry.Int64(24)),
            ChangeTime = new FileTime(entry.Int64(32)),
            EndOfFile = entry.Int64(40),
            AllocationSize = entry.Int64(48),
            Attributes = (FileAttributes)entry.UInt32(56),
        };
        var nameLength = (int)entry.UInt32(60);
        return informationClass switch
        {
            FileInformationClass.FileDirectoryInformation => new(entry.Slice(64, nameLength).Utf16(), string.Empty, file, 0, 0, 0),
            FileInformationClass.FileFullDirectoryInformation =>
                new(entry.Slice(68, nameLength).Utf16(), string.Empty, file, 0, entry.UInt32(64), 0),
            FileInformationClass.FileIdFullDirectoryInformation =>
                new(entry.Slice(80, nameLength).Utf16(), string.Empty, file, entry.UInt64(72), entry.UInt32(64), 0),
            FileInformationClass.FileBothDirectoryInformation =>
                new(entry.Slice(94, nameLength).Utf16(), entry.Slice(70, entry[68]).Utf16(), file, 0, entry.UInt32(64), 0),
            FileInformationClass.FileIdBothDirectoryInformation =>
                new(entry.Slice(104, nameLength).Utf16(), entry.Slice(70, entry[68]).Utf16(), file, entry.UInt64(96), entry.UInt32(64), 0),
            FileInformationClass.FileIdExtdDirectoryInformation =>
                new(entry.Slice(88, nameLength).Utf16(), string.Empty, file, entry.UInt64(72), entry.UInt32(64), entry.UInt32(68)),
            FileInformationClass.FileIdExtdBothDirectoryInformation =>
                new(
                    entry.Slice(114, nameLength).Utf16(),
                    entry.Slice(90, entry[88]).Utf16(),
                    file,
                    entry.UInt64(72),
                    entry.UInt32(64),
                    entry.UInt32(68)),
            FileInformationClass.FileId64ExtdDirectoryInformation =>
                new(entry.Slice(80, nameLength).Utf16(), string.Empty, file, entry.UInt64(72), entry.UInt32(64), entry.UInt32(68)),
            FileInformationClass.FileId64ExtdBothDirectoryInformation =>
                new(
                    entry.Slice(106, nameLength).Utf16(),
                    entry.Slice(82, entry[80]).Utf16(),
                    file,
                    entry.UInt64(72),
                    entry.UInt32(64),
                    entry.UInt32(68)),
            FileInformationClass.FileIdAllExtdDirectoryInformation =>
                new(entry.Slice(96, nameLength).Utf16(), string.Empty, file, entry.UInt64(72), entry.UInt32(64), entry.UInt32(68)),
            FileInformationClass.FileIdAllExtdBothDirectoryInformation =>
                new(
                    entry.Slice(122, nameLength).Utf16(),
                    entry.Slice(98, entry[96]).Utf16(),
                    file,
                    entry.UInt64(72),
                    entry.UInt32(64),
                    entry.UInt32(68)),
            _ => throw new InvalidDataException($"{informationClass} is no class of a directory."),
        };
    }
}
