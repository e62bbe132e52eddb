namespace Smb3.Embedded.Files.Locking;

/// <summary>
/// Open.LockSequenceArray (MS-SMB2 3.3.1.10): the numbers of the last LOCK requests that succeeded, so that a request that is sent again
/// because its answer was lost is not carried out twice.
/// </summary>
internal sealed class LockSequences
{
    /// <summary>Entries in the array; index 0 is reserved.</summary>
    public const int Count = 64;

    /// <summary>An entry without a number.</summary>
    public const byte Empty = 0xFF;

    private readonly byte[] _numbers = new byte[Count];

    public LockSequences() => _numbers.AsSpan().Fill(Empty);

    /// <summary>Restores what <see cref="ToArray"/> returned.</summary>
    public LockSequences(IReadOnlyList<byte> numbers)
        : this()
    {
        for (var i = 0; i < Count && i < numbers.Count; i++)
        {
            _numbers[i] = numbers[i];
        }
    }

    /// <summary>
    /// Whether a request with this number was carried out before (MS-SMB2 3.3.5.14). Any other number clears the entry until the request
    /// has succeeded.
    /// </summary>
    public bool WasDone(uint index, byte number)
    {
        if (!IsPlace(index))
        {
            return false;
        }

        lock (_numbers)
        {
            if (_numbers[index - 1] == number)
            {
                return true;
            }

            _numbers[index - 1] = Empty;
            return false;
        }
    }

    /// <summary>Whether a request with this number was carried out and no other since.</summary>
    public bool IsDone(uint index, byte number)
    {
        if (!IsPlace(index))
        {
            return false;
        }

        lock (_numbers)
        {
            return _numbers[index - 1] == number;
        }
    }

    /// <summary>A request has succeeded.</summary>
    public void Done(uint index, byte number)
    {
        if (IsPlace(index))
        {
            lock (_numbers)
            {
                _numbers[index - 1] = number;
            }
        }
    }

    /// <summary>A request that has succeeded is answered as a failure after all, and carried out if it comes again.</summary>
    public void Undo(uint index, byte number)
    {
        if (IsPlace(index))
        {
            lock (_numbers)
            {
                if (_numbers[index - 1] == number)
                {
                    _numbers[index - 1] = Empty;
                }
            }
        }
    }

    /// <summary>The numbers by index, 0xFF where there is none.</summary>
    public byte[] ToArray()
    {
        lock (_numbers)
        {
            return [.. _numbers];
        }
    }

    private static bool IsPlace(uint index) => index is >= 1 and <= Count;
}
