namespace Smb3.Embedded.Security.Cryptography;

/// <summary>
/// Lets many callers use a key at once, and one of them end it at any time: after <see cref="Close"/> nobody enters, and the last to leave
/// (or the closer, if nobody is inside) is told to release it. No key is zeroed during a computation. NT's kernel has the same under
/// this name.
/// </summary>
internal struct RundownProtection
{
    private const int Closed = int.MinValue;

    private int _state; // the number of callers inside; the sign bit says closed

    public bool TryEnter()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state < 0)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _state, state + 1, state) == state)
            {
                return true;
            }
        }
    }

    /// <summary>True: it was closed meanwhile and the caller, as the last, must release.</summary>
    public bool Exit() => Interlocked.Decrement(ref _state) == Closed;

    /// <summary>True: nobody is inside and the caller must release. Closing again is harmless.</summary>
    public bool Close() => Interlocked.Or(ref _state, Closed) == 0;
}
