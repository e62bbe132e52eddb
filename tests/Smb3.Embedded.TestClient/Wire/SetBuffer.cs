using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.TestClient.Wire;

/// <summary>What SET_INFO carries for a file (MS-FSCC 2.4).</summary>
internal static class SetBuffer
{
    public static byte[] Basic(in BasicInformation information)
    {
        var buffer = new byte[40];
        buffer.AsSpan().Put(0, information.CreationTime);
        buffer.AsSpan().Put(8, information.LastAccessTime);
        buffer.AsSpan().Put(16, information.LastWriteTime);
        buffer.AsSpan().Put(24, information.ChangeTime);
        buffer.AsSpan().Put(32, (uint)information.Attributes);
        return buffer;
    }

    /// <summary>FileRenameInformation and FileLinkInformation.</summary>
    public static byte[] Rename(string name, bool replaceIfExists = false)
    {
        var buffer = RenameEx(name, RenameFlags.None);
        buffer[0] = (byte)(replaceIfExists ? 1 : 0);
        return buffer;
    }

    /// <summary>FileRenameInformationEx and FileLinkInformationEx.</summary>
    public static byte[] RenameEx(string name, RenameFlags flags)
    {
        // Windows refuses less than the structure with its padding.
        var buffer = new byte[Math.Max(24, 20 + (name.Length * sizeof(char)))];
        buffer.AsSpan().Put(0, (uint)flags);
        buffer.AsSpan().Put(16, (uint)(name.Length * sizeof(char)));
        buffer.AsSpan().PutUtf16(20, name);
        return buffer;
    }

    public static byte[] Disposition(bool deletePending) => [(byte)(deletePending ? 1 : 0)];

    public static byte[] DispositionEx(DispositionFlags flags) => UInt32((uint)flags);

    public static byte[] Mode(CreateOptions mode) => UInt32((uint)mode);

    /// <summary>End of file, allocation, position and valid data length.</summary>
    public static byte[] Size(long value)
    {
        var buffer = new byte[sizeof(long)];
        buffer.AsSpan().Put(0, value);
        return buffer;
    }

    /// <summary>FileFullEaInformation.</summary>
    public static byte[] FullEa(params ReadOnlySpan<(byte[] Name, byte[] Value)> attributes)
    {
        var buffer = new byte[65536];
        var cursor = new EntryListCursor(4);
        foreach (var (name, value) in attributes)
        {
            FullEaInformation.TryWrite(ref cursor, buffer, 0, name, value);
        }

        return buffer[..cursor.Length];
    }

    private static byte[] UInt32(uint value)
    {
        var buffer = new byte[sizeof(uint)];
        buffer.AsSpan().Put(0, value);
        return buffer;
    }
}
