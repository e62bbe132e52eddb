using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// Writes the answers of QUERY_INFO that describe one file (MS-FSCC 2.4). The status follows MS-FSA 2.1.5.12: a buffer
/// too short for the fixed part is STATUS_INFO_LENGTH_MISMATCH; a name that does not fit is cut off with STATUS_BUFFER_OVERFLOW.
/// Lists (streams, EAs, links) have writers of their own.
/// </summary>
internal static class FileInformationWriter
{
    private const int AllNameOffset = 100;
    private const int AllMinimumSize = 104;
    private const int NameOffset = 4;
    private const int NameMinimumSize = 8;

    /// <summary>
    /// Writes the class into <paramref name="target"/>, which is as long as the client's output buffer. <paramref name="name"/> is what
    /// the class shows: the path from the share's root with a leading backslash, without one for the normalized name, the 8.3 name
    /// for the alternate name. STATUS_INVALID_INFO_CLASS says that this writer does not know the class.
    /// </summary>
    public static NtStatus Write(
        FileInformationClass informationClass,
        in FileInformation info,
        ReadOnlySpan<char> name,
        Span<byte> target,
        out int written)
    {
        switch (informationClass)
        {
            case FileInformationClass.FileAllInformation:
                return WriteAll(info, name, target, out written);
            case FileInformationClass.FileNameInformation:
            case FileInformationClass.FileNormalizedNameInformation:
            case FileInformationClass.FileAlternateNameInformation:
                return WriteName(name, target, NameOffset, NameMinimumSize, out written);
        }

        var size = FixedSize(informationClass);
        written = 0;
        if (size == 0)
        {
            return NtStatus.InvalidInfoClass;
        }

        if (target.Length < size)
        {
            return NtStatus.InfoLengthMismatch;
        }

        target[..size].Clear();
        WriteFixed(informationClass, info, target);
        written = size;
        return NtStatus.Success;
    }

    /// <summary>The shortest output that a class about one file takes; 0: there is no such class.</summary>
    public static int ShortestOutput(FileInformationClass informationClass) => informationClass switch
    {
        FileInformationClass.FileAllInformation => AllMinimumSize,
        FileInformationClass.FileNormalizedNameInformation or FileInformationClass.FileAlternateNameInformation => NameMinimumSize,
        FileInformationClass.FileStreamInformation => StreamInformationWriter.MinimumBufferSize,
        _ => FixedSize(informationClass),
    };

    /// <summary>The size of a class that has no variable part, or 0.</summary>
    public static int FixedSize(FileInformationClass informationClass) => informationClass switch
    {
        FileInformationClass.FileBasicInformation => 40,
        FileInformationClass.FileStandardInformation => 24,
        FileInformationClass.FileInternalInformation => 8,
        FileInformationClass.FileEaInformation => 4,
        FileInformationClass.FileAccessInformation => 4,
        FileInformationClass.FilePositionInformation => 8,
        FileInformationClass.FileModeInformation => 4,
        FileInformationClass.FileAlignmentInformation => 4,
        FileInformationClass.FileCompressionInformation => 16,
        FileInformationClass.FileNetworkOpenInformation => 56,
        FileInformationClass.FileAttributeTagInformation => 8,
        FileInformationClass.FileStandardLinkInformation => 12,
        FileInformationClass.FileIdInformation => 24,
        FileInformationClass.FileStatInformation => 72,
        FileInformationClass.FileCaseSensitiveInformation => 4,
        FileInformationClass.FileStatBasicInformation => 104,
        _ => 0,
    };

    private static NtStatus WriteAll(in FileInformation info, ReadOnlySpan<char> name, Span<byte> target, out int written)
    {
        written = 0;
        if (target.Length < AllMinimumSize)
        {
            return NtStatus.InfoLengthMismatch;
        }

        // MS-FSCC 2.4.2: the classes one after the other
        target[..AllNameOffset].Clear();
        WriteFixed(FileInformationClass.FileBasicInformation, info, target);
        WriteFixed(FileInformationClass.FileStandardInformation, info, target[40..]);
        WriteFixed(FileInformationClass.FileInternalInformation, info, target[64..]);
        WriteFixed(FileInformationClass.FileEaInformation, info, target[72..]);
        WriteFixed(FileInformationClass.FileAccessInformation, info, target[76..]);
        WriteFixed(FileInformationClass.FilePositionInformation, info, target[80..]);
        WriteFixed(FileInformationClass.FileModeInformation, info, target[88..]);
        WriteFixed(FileInformationClass.FileAlignmentInformation, info, target[92..]);
        return WriteName(name, target, AllNameOffset, AllMinimumSize, out written);
    }

    /// <summary>The full length of the name stands before the name, of which as much is written as fits.</summary>
    private static NtStatus WriteName(ReadOnlySpan<char> name, Span<byte> target, int at, int minimum, out int written)
    {
        written = 0;
        if (target.Length < minimum)
        {
            return NtStatus.InfoLengthMismatch;
        }

        target.Put(at - 4, (uint)(name.Length * sizeof(char)));
        var shown = name[..Math.Min(name.Length, (target.Length - at) / sizeof(char))];
        written = at + target.PutUtf16(at, shown);
        return shown.Length == name.Length ? NtStatus.Success : NtStatus.BufferOverflow;
    }

    private static void WriteFixed(FileInformationClass informationClass, in FileInformation info, Span<byte> target)
    {
        switch (informationClass)
        {
            case FileInformationClass.FileBasicInformation:
                WriteTimes(info, target);
                target.Put(32, FileNetworkOpenInformation.OnWire(info.File.Attributes));
                break;
            case FileInformationClass.FileStandardInformation:
                target.Put(0, info.File.AllocationSize);
                target.Put(8, info.File.EndOfFile);
                target.Put(16, info.LinkCount);
                target[20] = Flag(info.DeletePending);
                target[21] = Flag(info.IsDirectory);
                break;
            case FileInformationClass.FileInternalInformation:
                target.Put(0, info.FileId);
                break;
            case FileInformationClass.FileEaInformation:
                target.Put(0, info.EaSize);
                break;
            case FileInformationClass.FileAccessInformation:
                target.Put(0, (uint)info.GrantedAccess);
                break;
            case FileInformationClass.FilePositionInformation:
                target.Put(0, info.Position);
                break;
            case FileInformationClass.FileModeInformation:
                target.Put(0, (uint)info.Mode);
                break;
            case FileInformationClass.FileAlignmentInformation:
                target.Put(0, info.AlignmentRequirement);
                break;
            case FileInformationClass.FileCompressionInformation:
                WriteCompression(info, target);
                break;
            case FileInformationClass.FileNetworkOpenInformation:
                info.File.Write(target);
                break;
            case FileInformationClass.FileAttributeTagInformation:
                target.Put(0, FileNetworkOpenInformation.OnWire(info.File.Attributes));
                target.Put(4, info.ReparseTag);
                break;
            case FileInformationClass.FileStandardLinkInformation:
                target.Put(0, info.LinkCount);
                target.Put(4, info.LinkCount);
                target[8] = Flag(info.DeletePending);
                target[9] = Flag(info.IsDirectory);
                break;
            case FileInformationClass.FileIdInformation:
                target.Put(0, info.VolumeSerialNumber);
                target.Put(8, info.FileId);
                target.Put(16, info.FileIdHigh);
                break;
            case FileInformationClass.FileStatInformation:
                WriteStat(info, target);
                target.Put(68, (uint)info.GrantedAccess);
                break;
            case FileInformationClass.FileCaseSensitiveInformation:
                target.Put(0, (uint)Flag(info.IsCaseSensitive));
                break;
            case FileInformationClass.FileStatBasicInformation:
                WriteStat(info, target);
                target.Put(68, FsInformation.DiskDevice);
                target.Put(80, info.VolumeSerialNumber);
                target.Put(88, info.FileId);
                target.Put(96, info.FileIdHigh);
                break;
        }
    }

    /// <summary>As NTFS compresses: LZNT1 in units of 64 KiB (MS-FSA 2.1.5.12.10). Of what is not compressed, the rest is zero.</summary>
    private static void WriteCompression(in FileInformation info, Span<byte> target)
    {
        const int UnitShift = 16;
        const int ClusterShift = 12;
        if ((info.File.Attributes & FileAttributes.Compressed) == 0)
        {
            target.Put(0, info.File.EndOfFile);
            return;
        }

        target.Put(0, info.File.AllocationSize);
        target.Put(8, CompressionState.Lznt1);
        target[10] = UnitShift;
        target[11] = ClusterShift; // of a chunk
        target[12] = ClusterShift;
    }

    private static void WriteTimes(in FileInformation info, Span<byte> target)
    {
        target.Put(0, info.File.CreationTime.Ticks);
        target.Put(8, info.File.LastAccessTime.Ticks);
        target.Put(16, info.File.LastWriteTime.Ticks);
        target.Put(24, info.File.ChangeTime.Ticks);
    }

    private static void WriteStat(in FileInformation info, Span<byte> target)
    {
        target.Put(0, info.FileId);
        WriteTimes(info, target[8..]);
        target.Put(40, info.File.AllocationSize);
        target.Put(48, info.File.EndOfFile);
        target.Put(56, FileNetworkOpenInformation.OnWire(info.File.Attributes));
        target.Put(60, info.ReparseTag);
        target.Put(64, info.LinkCount);
    }

    private static byte Flag(bool value) => value ? (byte)1 : (byte)0;
}
