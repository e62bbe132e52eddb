using System.Buffers.Binary;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.TestClient.Wire;

/// <summary>READs and WRITEs whose data goes through the client's memory (MS-SMB2 2.2.19, 2.2.21).</summary>
internal static class ThroughMemory
{
    public static SmbTestRequest Read(
        SmbTestFile file, ulong offset, uint length, byte[] channelInfo, Smb2Channel channel = Smb2Channel.RdmaV1) =>
        file.Tree.Request(
            Smb2Command.Read, RequestBody.Read(file.FileId, offset, length, channel: channel, channelInfo: channelInfo), length);

    public static SmbTestRequest Write(
        SmbTestFile file, ulong offset, uint length, byte[] channelInfo, Smb2Channel channel = Smb2Channel.RdmaV1)
    {
        byte[] body = [.. RequestBody.Write(file.FileId, offset, []), .. channelInfo];
        Name(body, Smb2Command.Write, channel, length, channelInfo.Length);
        return file.Tree.Request(Smb2Command.Write, body, length);
    }

    /// <summary>Says in the body of a READ or a WRITE that its data goes through a channel, whose information follows the fixed part.</summary>
    public static void Name(byte[] body, Smb2Command command, Smb2Channel channel, uint length, int infoLength)
    {
        var isRead = command == Smb2Command.Read;
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(isRead ? 36 : 32), (uint)channel);
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(isRead ? 44 : 40), Smb2Header.Size + 48);
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(isRead ? 46 : 42), (ushort)infoLength);
        if (!isRead)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(2), 0);
            BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(4), 0);
            BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(36), length);
        }
    }

    /// <summary>The descriptors as a request carries them.</summary>
    public static byte[] Info(params RdmaBufferDescriptor[] buffers)
    {
        var bytes = new byte[buffers.Length * RdmaBufferDescriptor.Size];
        for (var i = 0; i < buffers.Length; i++)
        {
            buffers[i].Write(bytes.AsSpan(i * RdmaBufferDescriptor.Size));
        }

        return bytes;
    }
}
