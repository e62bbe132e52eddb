namespace Smb3.Embedded.Threading;

/// <summary>Stands before something that may be used, or told, until it is up, and never again.</summary>
internal interface IGuard
{
    /// <summary>Whether it is up. Quick; takes no lock.</summary>
    bool IsUp { get; }
}
