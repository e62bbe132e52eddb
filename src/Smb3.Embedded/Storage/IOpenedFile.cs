using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle that still knows what its opening learned of the file, so that who has just opened it need not have it asked again. It is
/// forgotten when the handle goes into use, since from then on it would grow old.
/// </summary>
internal interface IOpenedFile : IStoreFile
{
    /// <summary>What the file was when it was opened; null when that is not known (any more).</summary>
    NtResult<FileMetadata>? MetadataAsOpened { get; }

    /// <summary>Its security descriptor then, as <see cref="ISecurableFile.GetSecurityDescriptorAsync"/> has it.</summary>
    NtResult<ReadOnlyMemory<byte>>? DescriptorAsOpened { get; }

    /// <summary>The handle goes into use.</summary>
    void ForgetOpening();
}
