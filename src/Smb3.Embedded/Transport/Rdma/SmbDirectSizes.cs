namespace Smb3.Embedded.Transport.Rdma;

/// <summary>What both sides of a connection have agreed on, in bytes.</summary>
/// <param name="Send">One SEND to the peer.</param>
/// <param name="Receive">One SEND from the peer.</param>
/// <param name="FragmentedSend">One message to the peer, over all of its fragments.</param>
internal sealed record SmbDirectSizes(int Send, int Receive, int FragmentedSend)
{
    /// <summary>
    /// The sizes from what both offer (MS-SMBD 3.1.5.6, 3.1.5.7): nobody sends more than the other receives, and a receive is no larger than
    /// what the other likes to send, though never smaller than the least.
    /// </summary>
    public static SmbDirectSizes Agree(
        SmbDirectSettings ours, uint preferredSendSize, uint maxReceiveSize, uint maxFragmentedSize) => new(
            (int)Math.Min((uint)ours.MaxSendSize, maxReceiveSize),
            Math.Max((int)Math.Min((uint)ours.MaxReceiveSize, preferredSendSize), SmbDirectSettings.LeastReceiveSize),
            (int)Math.Min(int.MaxValue, maxFragmentedSize));
}
