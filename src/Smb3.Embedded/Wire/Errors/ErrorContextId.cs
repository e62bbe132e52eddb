namespace Smb3.Embedded.Wire.Errors;

/// <summary>ErrorId of an error context (MS-SMB2 2.2.2.1).</summary>
internal enum ErrorContextId : uint
{
    Default = 0x00000000,
    ShareRedirect = 0x72645253,
}
