using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.Rdma.Messages;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>Valid inputs for <see cref="RdmaTarget"/>.</summary>
internal static class RdmaSeeding
{
    public static IEnumerable<byte[]> Connections()
    {
        yield return Sends(Negotiate(8192), Fragment(0, 64), Fragment(0, 0), Fragment(0, 8168, DataTransferFlags.ResponseRequested));
        yield return Sends(Negotiate(1364), Fragment(300, 100), Fragment(200, 100), Fragment(0, 200), Fragment(1000, 10), Fragment(0, 1000));
        yield return Sends(Negotiate(128), Fragment(131_000, 8), Fragment(130_000, 1000));
        yield return Sends(Negotiate(8192), [.. Enumerable.Range(0, 12).Select(i => Fragment(0, 8 * i, granted: (ushort)(i % 3)))]);
    }

    public static IEnumerable<byte[]> Answers()
    {
        var answer = new byte[NegotiateResponse.Size];
        new NegotiateResponse(0x0100, 0x0100, 0x0100, 255, 10, NtStatus.Success, 8 << 20, 1364, 8192, 1 << 20).Write(answer);
        yield return answer;
    }

    public static IEnumerable<byte[]> Transforms()
    {
        var descriptors = ThroughMemory.Info(new RdmaBufferDescriptor(0x7F00_0000_0000, 7, 65536), new RdmaBufferDescriptor(0, 8, 1000));
        yield return descriptors;
        foreach (var nonce in new[] { 0, 11, 12 })
        {
            var type = nonce == 11 ? RdmaTransformType.Encryption : RdmaTransformType.Signing;
            yield return TransformedMemory.Info(new RdmaCryptoTransform(type, new byte[16], new byte[nonce]), descriptors);
            yield return TransformedMemory.Info(new RdmaCryptoTransform(type, new byte[16], new byte[nonce]), [], Smb2Channel.None);
        }
    }

    private static byte[] Negotiate(int receive)
    {
        var request = new byte[NegotiateRequest.Size];
        new NegotiateRequest(0x0100, 0x0100, 8, (uint)receive, (uint)receive, 131_072).Write(request);
        return request;
    }

    private static byte[] Fragment(uint remaining, int length, DataTransferFlags flags = DataTransferFlags.None, ushort granted = 1)
    {
        var offset = length == 0 ? 0 : DataTransfer.PayloadOffset;
        var message = new byte[Math.Max(DataTransfer.Size, offset + length)];
        new DataTransfer(8, granted, flags, remaining, (uint)offset, (uint)length).Write(message);
        return message;
    }

    private static byte[] Sends(byte[] first, params byte[][] others) =>
        [.. others.Prepend(first).SelectMany(send => (byte[])[(byte)send.Length, (byte)(send.Length >> 8), .. send])];
}
