using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Smb3.Embedded.Tests.Control;

/// <summary>Does something as another user of Linux, which takes root.</summary>
internal static partial class OtherUser
{
    /// <summary>The user that owns nothing.</summary>
    public const int Nobody = 65534;

    /// <summary>Does something on a thread of its own, which alone is the other user's: the C library would make the process his.</summary>
    public static Task<T> RunAsync<T>(int user, Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                Become(user);
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }).Start();
        return done.Task;
    }

    private static void Become(int user)
    {
        // setresuid(2): -1 leaves the real and the saved user.
        long setresuid = RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? 147 : 117;
        if (SystemCall(setresuid, -1, user, -1) != 0)
        {
            throw new Win32Exception();
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, nint real, nint effective, nint saved);
}
