using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Apple;

/// <summary>What has become of one file whose name begins with <c>._</c>.</summary>
/// <param name="Path">The file.</param>
/// <param name="Result">What has become of it.</param>
/// <param name="Status">Why, for <see cref="AppleDoubleResult.Failed"/>.</param>
public readonly record struct AppleDoubleOutcome(StorePath Path, AppleDoubleResult Result, NtStatus Status = NtStatus.Success);

/// <summary>What has become of a file, or why it is still there.</summary>
public enum AppleDoubleResult
{
    /// <summary>What it held is in streams of the file that it belonged to, and it is deleted.</summary>
    Converted = 0,

    /// <summary>It is not in the format, or damaged.</summary>
    NotAppleDouble = 1,

    /// <summary>There is no file that it belongs to.</summary>
    Orphan = 2,

    /// <summary>It belongs to somebody else than the file beside it: whoever may write in a directory must not change the files of others.</summary>
    OtherOwner = 3,

    /// <summary>The file beside it has such streams already, and other data in them.</summary>
    Differs = 4,

    /// <summary>The store has refused something; nothing is lost.</summary>
    Failed = 5,
}
