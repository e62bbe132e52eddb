namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>How the kernel schedules the calling thread. Linux keeps both values for each thread.</summary>
internal static class SchedulingCalls
{
    private const int OneThread = 0; // PRIO_PROCESS with 0: the calling thread
    private const int Lowest = 19;
    private const int OneThreadOfIo = 1; // IOPRIO_WHO_PROCESS
    private const int Idle = 3 << 13; // IOPRIO_CLASS_IDLE

    /// <summary>Gives way to all other threads, for good: only on a thread that ends afterwards. Where it is refused, nothing changes.</summary>
    public static void YieldToOthers()
    {
        _ = Native.SetPriority(OneThread, 0, Lowest);
        _ = Native.SetIoPriority(Native.SetIoPriorityNumber, OneThreadOfIo, 0, Idle);
    }
}
