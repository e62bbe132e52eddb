using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Info;

namespace Smb3.Embedded.Commands.Output;

/// <summary>The response of QUERY_INFO (MS-SMB2 2.2.38), whoever has the information.</summary>
internal static class InfoOutput
{
    /// <summary>Appends a response with room for <paramref name="length"/> bytes of output, which it returns.</summary>
    public static Span<byte> Begin(Request request, int length) =>
        request.AppendUninitialized(OutputBufferResponse.FixedSize + length).Span[OutputBufferResponse.FixedSize..];

    /// <summary>Ends the response that <see cref="Begin"/> began.</summary>
    public static NtStatus End(Request request, NtStatus status, int written)
    {
        if (status.IsError())
        {
            return status;
        }

        request.TrimBody(OutputBufferResponse.FixedSize + written);
        OutputBufferResponse.Write(request.Body, written);
        return status;
    }
}
