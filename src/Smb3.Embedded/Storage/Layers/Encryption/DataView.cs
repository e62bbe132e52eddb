namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>What a handle knows of its data.</summary>
/// <param name="Epoch"><see cref="SharedFile.Epoch"/> when it was learned.</param>
/// <param name="Growths"><see cref="SharedFile.Growths"/> then.</param>
/// <param name="Length">The length of the data.</param>
/// <param name="Cipher">Its keys; <see langword="null"/> when it has none.</param>
/// <param name="IsEmpty">Whether it has no keys because it has no data; else it was not encrypted with a key that is known.</param>
internal sealed record DataView(long Epoch, long Growths, long Length, FileCipher? Cipher, bool IsEmpty)
{
    /// <summary>Whether this still says all of data up to <paramref name="end"/>.</summary>
    public bool Covers(SharedFile file, long end) => Epoch == file.Epoch && (end <= Length || Growths == file.Growths);

    /// <summary>Whether this still says how long the data is.</summary>
    public bool IsExact(SharedFile file) => Epoch == file.Epoch && Growths == file.Growths;
}
