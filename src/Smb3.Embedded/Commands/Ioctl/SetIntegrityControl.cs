using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_SET_INTEGRITY_INFORMATION and its Ex form (MS-FSA 2.1.5.10.33 and .34): a file without checksums can stay as it is, and nothing
/// else; a client that wants checksums is told that the volume has none.
/// </summary>
internal sealed class SetIntegrityControl(bool isExtended) : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call) => new(isExtended ? SetEx(call) : Set(call));

    private static NtStatus Set(FsControlCall call)
    {
        if (!SetIntegrityInformation.TryParse(call.Input.Span, out var asked)
            || asked.Algorithm is not (ChecksumType.None or ChecksumType.Crc32 or ChecksumType.Crc64 or ChecksumType.Unchanged)
            || !IsKnown(asked.Flags)
            || (asked.Flags != 0 && asked.Algorithm is (ChecksumType.None or ChecksumType.Unchanged)))
        {
            return NtStatus.InvalidParameter;
        }

        return asked.Algorithm is ChecksumType.None or ChecksumType.Unchanged ? NtStatus.Success : NtStatus.InvalidDeviceRequest;
    }

    private static NtStatus SetEx(FsControlCall call)
    {
        if (!SetIntegrityInformationEx.TryParse(call.Input.Span, out var asked)
            || asked.Version != 1
            || !IsKnown(asked.Flags)
            || (asked.Flags != 0 && (asked.KeepsState || !asked.Enable)))
        {
            return NtStatus.InvalidParameter;
        }

        return asked.KeepsState || !asked.Enable ? NtStatus.Success : NtStatus.InvalidDeviceRequest;
    }

    private static bool IsKnown(uint flags) => flags == 0 || (flags & IntegrityInformation.EnforcementOff) != 0;
}
