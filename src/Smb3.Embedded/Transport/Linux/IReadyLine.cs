namespace Smb3.Embedded.Transport.Linux;

/// <summary>Something with a descriptor that a <see cref="ReadinessQueue"/> waits for.</summary>
internal interface IReadyLine
{
    /// <summary>Does what there is to do, here and now; nothing is told until it has asked again.</summary>
    void Serve(Readiness ready);

    /// <summary>Does the same on the thread pool.</summary>
    void ServeLater(Readiness ready);
}
