using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_SRV_REQUEST_RESUME_KEY (MS-SMB2 3.3.5.15.5): a key by which FSCTL_SRV_COPYCHUNK names the source. It is valid in the session
/// that the open belongs to, for as long as the file is open.
/// </summary>
internal sealed class ResumeKeyControl : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var output = new byte[ResumeKeyResponse.Size];
        Span<byte> key = stackalloc byte[ResumeKeyResponse.KeySize];
        key.Clear();
        call.Open!.FileId.Write(key, 0);
        ResumeKeyResponse.Write(output, key);
        call.Output = output;
        return new(NtStatus.Success);
    }

    /// <summary>The open of a key that this class made.</summary>
    public static FileHandle? Find(Session session, ReadOnlySpan<byte> key) =>
        !key[Smb2FileId.Size..].ContainsAnyExcept((byte)0)
            && session.Opens.TryGet(Smb2FileId.Read(key, 0), out var open)
            ? open as FileHandle
            : null;
}
