using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>Flags of FileDispositionInformationEx (MS-FSCC 2.4).</summary>
[Flags]
internal enum DispositionFlags : uint
{
    None = 0,
    Delete = 0x00000001,
    PosixSemantics = 0x00000002,
    ForceImageSectionCheck = 0x00000004,
    OnClose = 0x00000008,
    IgnoreReadOnlyAttribute = 0x00000010,
}

/// <summary>
/// Reads what SET_INFO sets when it is one value or one name. False when the buffer is too short, which MS-FSA 2.1.5.15 answers
/// with STATUS_INFO_LENGTH_MISMATCH.
/// </summary>
internal static class SetInformation
{
    /// <summary>
    /// FileEndOfFileInformation, FileAllocationInformation, FilePositionInformation and FileValidDataLengthInformation: a signed number
    /// of bytes, which may be negative on the wire.
    /// </summary>
    public static bool TryReadSize(ReadOnlySpan<byte> buffer, out long value)
    {
        value = buffer.Length < sizeof(long) ? 0 : buffer.Int64(0);
        return buffer.Length >= sizeof(long);
    }

    /// <summary>FileDispositionInformation.</summary>
    public static bool TryReadDisposition(ReadOnlySpan<byte> buffer, out bool deletePending)
    {
        deletePending = buffer.Length > 0 && buffer[0] != 0;
        return buffer.Length > 0;
    }

    /// <summary>FileDispositionInformationEx.</summary>
    public static bool TryReadDispositionEx(ReadOnlySpan<byte> buffer, out DispositionFlags flags)
    {
        flags = buffer.Length < sizeof(uint) ? DispositionFlags.None : (DispositionFlags)buffer.UInt32(0);
        return buffer.Length >= sizeof(uint);
    }

    /// <summary>FileModeInformation.</summary>
    public static bool TryReadMode(ReadOnlySpan<byte> buffer, out CreateOptions mode)
    {
        mode = buffer.Length < sizeof(uint) ? CreateOptions.None : (CreateOptions)buffer.UInt32(0);
        return buffer.Length >= sizeof(uint);
    }

    /// <summary>FileCaseSensitiveInformation.</summary>
    public static bool TryReadCaseSensitive(ReadOnlySpan<byte> buffer, out bool caseSensitive)
    {
        caseSensitive = buffer.Length >= sizeof(uint) && (buffer.UInt32(0) & 1) != 0;
        return buffer.Length >= sizeof(uint);
    }

    /// <summary>FileShortNameInformation and FileFsLabelInformation: a length (4) and a UTF-16LE name.</summary>
    public static bool TryReadName(ReadOnlySpan<byte> buffer, out ReadOnlySpan<byte> name)
    {
        name = default;
        if (buffer.Length < sizeof(uint) || buffer.UInt32(0) > buffer.Length - sizeof(uint))
        {
            return false;
        }

        name = buffer.Slice(sizeof(uint), (int)buffer.UInt32(0));
        return true;
    }
}
