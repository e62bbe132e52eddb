namespace Smb3.Embedded.Storage.Objects.Spooling;

/// <summary>Where files are held while they are written: how much there may be of it, and in which folder.</summary>
/// <param name="size">The most bytes.</param>
/// <param name="memory">How many of them may be in memory.</param>
/// <param name="memoryPerFile">The most of one file in memory.</param>
/// <param name="folder">Where temporary files are made; null: the system's place for them.</param>
internal sealed class SpoolPlace(long size, long memory, int memoryPerFile, string? folder)
{
    /// <summary>All that is held.</summary>
    public SpoolSpace Space { get; } = new(size);

    /// <summary>What of it is in memory, and what was read ahead.</summary>
    public SpoolSpace Memory { get; } = new(memory);

    /// <summary>The most of one file in memory.</summary>
    public int MemoryPerFile { get; } = memoryPerFile;

    /// <summary>Makes an empty file that has no name (or, on Windows, none after the process), and that nobody else can open.</summary>
    public FileStream MakeFile()
    {
        var path = Path.Join(folder ?? Path.GetTempPath(), $"smb3-{Guid.NewGuid():N}.spool");
        var parameters = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = OperatingSystem.IsWindows() ? FileShare.None : FileShare.Delete,
            Options = FileOptions.Asynchronous | (OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : 0),
            BufferSize = 0,
        };
        if (OperatingSystem.IsWindows())
        {
            return new FileStream(path, parameters);
        }

        parameters.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, parameters);
        try
        {
            File.Delete(path);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
