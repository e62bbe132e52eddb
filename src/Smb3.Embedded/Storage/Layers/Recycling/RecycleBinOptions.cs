namespace Smb3.Embedded.Storage;

/// <summary>How a recycle bin is kept (<see cref="RecycleBinStoreExtensions.WithRecycleBin"/>).</summary>
public sealed record RecycleBinOptions
{
    /// <summary>The name of the bin's folder in the root of the store.</summary>
    public string Folder { get; init; } = ".recycle";

    /// <summary>Whether the root lists the folder (hidden, where attributes are kept). Who knows its name can open it in any case.</summary>
    public bool IsListed { get; init; } = true;

    /// <summary>How long files are kept, at least a day. They go by days, of UTC.</summary>
    public TimeSpan KeepFor { get; init; } = TimeSpan.FromDays(30);

    /// <summary>
    /// The most bytes that files in the bin have together; when there are more, the oldest go. A file that is longer is deleted at once.
    /// <see langword="null"/>: a tenth of the volume.
    /// </summary>
    public long? MaxBytes { get; init; }

    /// <summary>Files that are deleted at once, temporary ones for example; <see langword="null"/>: none. It is quick and never throws.</summary>
    public Predicate<StorePath>? Skips { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
