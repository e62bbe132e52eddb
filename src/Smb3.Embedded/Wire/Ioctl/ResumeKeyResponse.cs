namespace Smb3.Embedded.Wire.Ioctl;

/// <summary>SRV_REQUEST_RESUME_KEY response (MS-SMB2 2.2.32.3): ResumeKey (24), ContextLength (4), Context.</summary>
internal static class ResumeKeyResponse
{
    /// <summary>With four bytes in place of the context, as clients expect them.</summary>
    public const int Size = 32;

    public const int KeySize = 24;

    public static void Write(Span<byte> output, ReadOnlySpan<byte> key)
    {
        output[..Size].Clear();
        key.CopyTo(output[..KeySize]);
    }
}
