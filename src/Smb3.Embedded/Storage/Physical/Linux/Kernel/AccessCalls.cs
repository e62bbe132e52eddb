namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>What the kernel says that this process may do with an inode.</summary>
internal static unsafe class AccessCalls
{
    public const int Read = 4; // R_OK
    public const int Write = 2; // W_OK
    public const int Search = 1; // X_OK

    private const int EffectiveIds = 0x200; // AT_EACCESS
    private const int ActsAsOwnerBit = 3; // CAP_FOWNER

    /// <summary>Why an open inode may not be used in this way; 0 when it may. A descriptor that is a place only (O_PATH) will do.</summary>
    public static Errno May(FileDescriptor file, int mode)
    {
        fixed (byte* empty = "\0"u8)
        {
            if (Native.MayAt2(Native.MayAt2Number, file, empty, mode, EffectiveIds | Native.EmptyPath) == 0)
            {
                return 0;
            }
        }

        // Before Linux 5.8, or where a system call filter does not know this call; some filters report that with EPERM.
        var error = Native.LastError;
        if (error is not (Errno.NoSystemCall or Errno.NotPermitted or Errno.Invalid))
        {
            return error;
        }

        using var path = new HandlePath(file);
        fixed (byte* text = path.Text)
        {
            return Native.MayAt(Native.CurrentDirectory, text, mode, EffectiveIds) == 0 ? 0 : Native.LastError;
        }
    }

    /// <summary>Whether the process counts as the owner of every file (CAP_FOWNER).</summary>
    public static bool ActsAsOwner()
    {
        try
        {
            foreach (var line in File.ReadLines("/proc/thread-self/status"))
            {
                if (line.StartsWith("CapEff:", StringComparison.Ordinal))
                {
                    return ulong.TryParse(line.AsSpan(7).Trim(), System.Globalization.NumberStyles.HexNumber, null, out var set)
                        && (set >> ActsAsOwnerBit & 1) != 0;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In that case only user id 0 counts.
        }

        return Native.EffectiveUser() == 0;
    }
}
