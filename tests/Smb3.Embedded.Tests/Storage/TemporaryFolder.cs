namespace Smb3.Embedded.Tests.Storage;

/// <summary>A folder that a test deletes when it ends.</summary>
public sealed class TemporaryFolder
{
    public string Path { get; } = Directory.CreateTempSubdirectory("smb3-store-").FullName;

    public void Delete() => Directory.Delete(Path, recursive: true);
}
