using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Smb3.Embedded.ObjectServices;

/// <summary>MD5, which services tell of the data that they have. Nothing is protected by it.</summary>
[SuppressMessage("Security", "CA5351", Justification = "It is what the services compare with.")]
internal static class ContentHash
{
    public static async Task<byte[]> OfAsync(Stream content, CancellationToken cancellationToken)
    {
        content.Position = 0;
        return await MD5.HashDataAsync(content, cancellationToken).ConfigureAwait(false);
    }

    public static byte[] Of(byte[] content) => MD5.HashData(content);
}
