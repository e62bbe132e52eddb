namespace Smb3.Embedded.Contention.Faults;

/// <summary>What lies under a channel, and can be harmed.</summary>
internal interface IFaultyLine
{
    /// <summary>Completes when nothing moves any more.</summary>
    Task Ended { get; }

    /// <summary>The connection ends at once.</summary>
    void Cut();

    /// <summary>The connection ends somewhere in what comes next, and after a while in any case.</summary>
    /// <param name="toServer">In which direction it fails first.</param>
    /// <param name="after">How much still goes through, in bytes or so.</param>
    /// <param name="patience">Until when it has ended in any case, in milliseconds.</param>
    void CutInside(bool toServer, int after, int patience);

    /// <summary>Nothing goes through in one direction, from somewhere in what comes next on, until <see cref="Release"/>.</summary>
    void Stall(bool toServer, int after);

    /// <summary>What was stalled goes on.</summary>
    void Release(bool toServer);

    /// <summary>What the client sends next arrives twice.</summary>
    void DuplicateNext();
}
