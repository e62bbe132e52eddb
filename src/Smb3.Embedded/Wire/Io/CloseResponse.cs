using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Wire.Io;

/// <summary>CLOSE response (MS-SMB2 2.2.16): StructureSize 60, Flags (2), Reserved (4), times, sizes and attributes (52).</summary>
internal static class CloseResponse
{
    public const int FixedSize = 60;

    /// <summary>The answer to a client that did not ask for attributes: all zero.</summary>
    public static void Write(Span<byte> body)
    {
        body[..FixedSize].Clear();
        body.Put(0, (ushort)FixedSize);
    }

    /// <summary>The answer to <see cref="CloseFlags.PostQueryAttributes"/>.</summary>
    public static void Write(Span<byte> body, in FileNetworkOpenInformation file)
    {
        Write(body);
        body.Put(2, (ushort)CloseFlags.PostQueryAttributes);
        file.Write(body[8..]);
    }
}
