namespace Smb3.Embedded.Storage;

/// <summary>A handle whose store tells its administrator of what is wrong with what it keeps.</summary>
internal interface IFaultyFile
{
    /// <summary>The security descriptor that the store has is none.</summary>
    void ReportDescriptor();
}
