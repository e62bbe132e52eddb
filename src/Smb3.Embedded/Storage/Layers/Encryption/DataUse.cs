namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>What a turn at encrypted data is for.</summary>
internal enum DataUse
{
    /// <summary>A range is read.</summary>
    Read,

    /// <summary>A range is written; the data may become longer by it.</summary>
    Write,

    /// <summary>The length is set, or something is done for which it must be known.</summary>
    Resize,
}
