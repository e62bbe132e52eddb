namespace Smb3.Embedded;

/// <summary>How much room there is where a share lies, as its store says.</summary>
/// <param name="TotalBytes">The size in bytes.</param>
/// <param name="FreeBytes">Free bytes that the server may use.</param>
public readonly record struct SmbShareSpace(long TotalBytes, long FreeBytes);
