namespace Smb3.Embedded.Storage;

/// <summary>A handle of a store that follows links: it knows where it is, whatever the path said that led to it.</summary>
internal interface IFinalPathFile
{
    /// <summary>The path without links, in the case in which its names were created; null when it is not known.</summary>
    StorePath? FinalPath { get; }
}
