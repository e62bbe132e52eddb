using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.TortureHost;

/// <summary>
/// FSCTL_SMBTORTURE_FORCE_UNACKED_TIMEOUT, a control code of smbtorture's own: an IOCTL without session, tree and file.
/// </summary>
internal static class DeafenRequest
{
    private const FsControlCode Code = (FsControlCode)0x83848003;

    /// <summary>The frame that answers <paramref name="message"/>, if that is such a request.</summary>
    public static bool TryAnswer(ReadOnlySpan<byte> message, out byte[] frame)
    {
        frame = [];
        if (!Smb2Header.TryParse(message, out var asked) || asked.Command != Smb2Command.Ioctl || asked.SessionId != 0
            || !IoctlRequest.TryParse(message, out var request) || request.ControlCode != Code)
        {
            return false;
        }

        frame = new byte[FrameReader.HeaderSize + Smb2Header.Size + IoctlResponse.FixedSize];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - FrameReader.HeaderSize);
        var answer = frame.AsSpan(FrameReader.HeaderSize);
        Smb2Header.WriteSync(
            answer, Smb2Command.Ioctl, NtStatus.Success, Smb2HeaderFlags.ServerToRedirector, asked.CreditCharge, credits: 1,
            asked.MessageId, asked.ProcessId, asked.TreeId, asked.SessionId);
        IoctlResponse.Write(answer[Smb2Header.Size..], Code, request.FileId, outputLength: 0);
        return true;
    }
}
