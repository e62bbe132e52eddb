using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>FSCTL_SET_COMPRESSION (MS-FSA 2.1.5.10.30): a store that cannot compress agrees to leave a file uncompressed.</summary>
internal sealed class SetCompressionControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var state = CompressionState.Read(call.Input.Span);
        if (state is not (CompressionState.None or CompressionState.Default or CompressionState.Lznt1))
        {
            return new(NtStatus.InvalidParameter);
        }

        var compressed = state != CompressionState.None;
        return call.File.Volume.Store.Traits.Has(StoreAbilities.Compression)
            ? call.File.SetCompressedAsync(compressed, call.Ended)
            : new(compressed ? NtStatus.NotSupported : NtStatus.Success);
    }
}
