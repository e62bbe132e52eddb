using Smb3.Embedded.Files.Copying;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_DUPLICATE_EXTENTS_TO_FILE and its Ex form (MS-SMB2 3.3.5.15.17, MS-FSA 2.1.5.10.4 and .5). It is always atomic.
/// </summary>
internal sealed class DuplicateExtentsControl(bool isExtended) : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (!(isExtended
            ? DuplicateExtents.TryParseEx(call.Input.Span, out var extents)
            : DuplicateExtents.TryParse(call.Input.Span, out extents)))
        {
            return NtStatus.InvalidParameter;
        }

        if (!call.Request.Session!.Opens.TryGet(extents.Source, out var open) || open is not FileHandle source)
        {
            return NtStatus.InvalidHandle;
        }

        return await call.File.CloneFromAsync(
            source.File, extents.SourceOffset, extents.TargetOffset, extents.ByteCount, call.Ended).ConfigureAwait(false);
    }
}
