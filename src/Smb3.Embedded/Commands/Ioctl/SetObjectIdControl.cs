using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_SET_OBJECT_ID and FSCTL_SET_OBJECT_ID_EXTENDED (MS-FSA 2.1.5.10.35, .36): setting the id is for those who restore files; the rest
/// of the buffer is for anybody who may write the attributes.
/// </summary>
internal sealed class SetObjectIdControl(bool isExtended) : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (!isExtended)
        {
            // A store may keep what it is given: not the request's own bytes.
            return call.File.State.Caller.IsAdministrator
                ? await call.File.SetObjectIdAsync(call.Input[..ObjectIdBuffer.Size].ToArray(), call.Ended).ConfigureAwait(false)
                : NtStatus.AccessDenied; // SeRestorePrivilege
        }

        var kept = await call.File.GetObjectIdAsync(call.Ended).ConfigureAwait(false);
        if (!kept.Succeeded)
        {
            return kept.Status;
        }

        if (kept.Value.Length != ObjectIdBuffer.Size)
        {
            return NtStatus.ObjectIdNotFound;
        }

        var changed = kept.Value.ToArray();
        call.Input.Span[..ObjectIdBuffer.ExtendedSize].CopyTo(changed.AsSpan(ObjectIdBuffer.Size - ObjectIdBuffer.ExtendedSize));
        return await call.File.SetObjectIdAsync(changed, call.Ended).ConfigureAwait(false);
    }
}
