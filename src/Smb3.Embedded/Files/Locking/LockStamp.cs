namespace Smb3.Embedded.Files.Locking;

/// <summary>
/// The number of a LOCK request, which its open remembers from the moment in which the locks change: a record of the open has both or neither
/// (<see cref="ByteRangeLocks.Capture"/>).
/// </summary>
/// <param name="Sequences">The numbers of the open; <see langword="null"/>: the request has none.</param>
/// <param name="Index">LockSequenceIndex.</param>
/// <param name="Number">LockSequenceNumber.</param>
internal readonly record struct LockStamp(LockSequences? Sequences, uint Index, byte Number)
{
    /// <summary>Whether the request was carried out, perhaps by an earlier arrival of the same request.</summary>
    public bool IsDone => Sequences?.IsDone(Index, Number) == true;

    public void Enter() => Sequences?.Done(Index, Number);

    public void Undo() => Sequences?.Undo(Index, Number);
}
