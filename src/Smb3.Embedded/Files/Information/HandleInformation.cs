using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Information;

/// <summary>What belongs to the handle alone: position and mode.</summary>
internal static class HandleInformation
{
    /// <summary>FilePositionInformation (MS-FSA 2.1.5.15.9).</summary>
    public static NtStatus SetPosition(this FileOpen open, long position)
    {
        if (position < 0)
        {
            return NtStatus.InvalidParameter;
        }

        open.State.Position = position;
        return NtStatus.Success;
    }

    /// <summary>FileModeInformation (MS-FSA 2.1.5.15.8): only how the handle buffers, waits and reads ahead can be changed.</summary>
    public static NtStatus SetMode(this FileOpen open, CreateOptions mode)
    {
        const CreateOptions Waiting = CreateOptions.SynchronousIoAlert | CreateOptions.SynchronousIoNonAlert;
        const CreateOptions Changeable = CreateOptions.WriteThrough | CreateOptions.SequentialOnly | Waiting;
        if ((mode & ~(Changeable | CreateOptions.NoIntermediateBuffering | CreateOptions.DeleteOnClose)) != 0)
        {
            return NtStatus.InvalidParameter;
        }

        if ((mode & Waiting) == Waiting || (((mode & Waiting) == 0) != ((open.Options & Waiting) == 0)))
        {
            return NtStatus.InvalidParameter;
        }

        open.State.SetOptions((open.Options & ~Changeable) | (mode & Changeable));
        return NtStatus.Success;
    }
}
