namespace Smb3.Embedded.Files.Locking;

/// <summary>A range of bytes of a file, in the 64-bit space of MS-FSA 2.1.4.10.</summary>
/// <param name="Offset">The first byte.</param>
/// <param name="Length">How many; 0 is the place between two bytes.</param>
internal readonly record struct ByteRange(ulong Offset, ulong Length)
{
    /// <summary>Whether the range ends inside the 64-bit space; the last byte may be 2^64−1.</summary>
    public bool IsValid => Length == 0 || Offset + (Length - 1) >= Offset;

    /// <summary>
    /// Whether two valid ranges overlap. An empty one overlaps another only strictly inside it, and never an empty one.
    /// </summary>
    public bool Overlaps(ByteRange other)
    {
        if (Length == 0 || other.Length == 0)
        {
            return StrictlyHolds(other) || other.StrictlyHolds(this);
        }

        return Offset <= other.Offset + (other.Length - 1) && other.Offset <= Offset + (Length - 1);
    }

    private bool StrictlyHolds(ByteRange point) =>
        point.Length == 0 && Length != 0 && point.Offset > Offset && point.Offset <= Offset + (Length - 1);
}

/// <summary>One element of a lock request.</summary>
/// <param name="Range">What is locked.</param>
/// <param name="Exclusive">Whether no other open may lock or read it meanwhile; otherwise all may do both.</param>
internal readonly record struct LockRequest(ByteRange Range, bool Exclusive);
