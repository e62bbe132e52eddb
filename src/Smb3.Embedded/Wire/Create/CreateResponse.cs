using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Wire.Create;

/// <summary>
/// CREATE response (MS-SMB2 2.2.14), offsets in the body:
/// <code>
///  0 StructureSize 89   2 OplockLevel   3 Flags   4 CreateAction   8 times, sizes, attributes (52)   60 Reserved2
/// 64 FileId (16)       80 CreateContextsOffset, CreateContextsLength (84)   88 Buffer
/// </code>
/// </summary>
internal static class CreateResponse
{
    public const int FixedSize = 88;

    /// <summary>Where in the body a <see cref="Contexts.CreateContextWriter"/> begins.</summary>
    public const int ContextsOffset = FixedSize;

    /// <summary>Flags: the last part of the path is a reparse point (SMB 3.x).</summary>
    public const byte ReparsePointFlag = 0x01;

    /// <summary>Writes the fixed part and returns the length of the body with contexts of the given length.</summary>
    public static int Write(
        Span<byte> body,
        Smb2FileId fileId,
        Smb2OplockLevel oplockLevel,
        CreateAction action,
        in FileNetworkOpenInformation file,
        int contextsLength,
        byte flags = 0)
    {
        body[..FixedSize].Clear();
        body.Put(0, (ushort)89);
        body[2] = (byte)oplockLevel;
        body[3] = flags;
        body.Put(4, (uint)action);
        file.Write(body[8..]);
        fileId.Write(body, 64);
        if (contextsLength != 0)
        {
            body.Put(80, (uint)(Smb2Header.Size + ContextsOffset));
            body.Put(84, (uint)contextsLength);
        }

        return FixedSize + contextsLength;
    }
}
