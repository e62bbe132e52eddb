namespace Smb3.Embedded.Files.Observation;

/// <summary>Why a name is removed.</summary>
internal enum DeleteReason
{
    /// <summary>FileDispositionInformation, or its extended form.</summary>
    Disposition,

    /// <summary>FILE_DELETE_ON_CLOSE.</summary>
    OnClose,

    /// <summary>A rename or a hard link that takes the name.</summary>
    Replaced,
}
