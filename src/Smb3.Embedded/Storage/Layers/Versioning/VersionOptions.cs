namespace Smb3.Embedded.Storage;

/// <summary>How previous versions of files are kept (<see cref="VersionStoreExtensions.WithVersions"/>).</summary>
public sealed record VersionOptions
{
    /// <summary>
    /// The time between two versions of a file, from a minute to a day. Versions are of full intervals since midnight of 1 January of the year 1, UTC:
    /// with an hour, of full hours.
    /// </summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long versions are kept: at least an interval, and at most 4,096 of them, because clients are told all times at once.</summary>
    public TimeSpan KeepFor { get; init; } = TimeSpan.FromDays(30);

    /// <summary>
    /// The most bytes that versions have together; when there are more, the oldest go. <see langword="null"/>: a tenth of the volume.
    /// </summary>
    public long? MaxBytes { get; init; }

    /// <summary>The longest file of which versions are kept, in bytes: its first change in each interval waits until it is copied.</summary>
    public long MaxFileLength { get; init; } = 1L << 30;

    /// <summary>Files of which no versions are kept, temporary ones for example; <see langword="null"/>: none. It is quick and never throws.</summary>
    public Predicate<StorePath>? Skips { get; init; }

    /// <summary>The name of the folder in the root of the store that holds the versions. No client sees or reaches it.</summary>
    public string Folder { get; init; } = ".versions";

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
