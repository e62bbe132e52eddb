using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_GET_COMPRESSION (MS-FSA 2.1.5.10.9): where nothing can be compressed, nothing is compressed.</summary>
internal sealed class GetCompressionControl : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var compressed = await call.File.GetCompressedAsync(call.Ended).ConfigureAwait(false);
        if (!compressed.Succeeded)
        {
            return compressed.Status;
        }

        var output = new byte[CompressionState.Size];
        CompressionState.Write(output, compressed.Value ? CompressionState.Lznt1 : CompressionState.None);
        call.Output = output;
        return NtStatus.Success;
    }
}
