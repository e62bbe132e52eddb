namespace Smb3.Embedded.Transport;

/// <summary>
/// Has a listener refuse connections for a while, as if nobody listened there, and keeps its end point. Connections that it has accepted are
/// not touched. Calls come one after the other.
/// </summary>
internal interface IRefusal
{
    /// <summary>Refuses from here on.</summary>
    /// <returns>Whether it does; otherwise it listens as before.</returns>
    bool TryBegin();

    /// <summary>Listens again.</summary>
    /// <returns>Whether it does, or has ended; otherwise it is to be tried again.</returns>
    bool TryEnd();
}
