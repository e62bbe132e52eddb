using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.LoadTest.Work;

/// <summary>The files that the measurements need, made when they are missing and left for the next run.</summary>
internal static class TestFolder
{
    private const int Piece = 1 << 20;

    public static async Task FolderAsync(SmbTestTree tree, string path) =>
        await (await tree.OpenAsync(path, options: CreateOptions.DirectoryFile)).CloseAsync();

    /// <summary>An open file of that length; empty for <paramref name="truncated"/>.</summary>
    public static async Task<SmbTestFile> FileAsync(SmbTestTree tree, string name, long length, bool truncated = false)
    {
        await FolderAsync(tree, Workload.Folder);
        var path = $@"{Workload.Folder}\{name}";
        var file = await tree.OpenAsync(path, truncated ? CreateDisposition.OverwriteIf : CreateDisposition.OpenIf);
        if (truncated || file.Answer.File.EndOfFile == length)
        {
            return file;
        }

        await file.CloseAsync();
        file = await tree.OpenAsync(path, CreateDisposition.OverwriteIf);
        var piece = new byte[(int)Math.Min(Piece, length)];
        Random.Shared.NextBytes(piece);
        for (var offset = 0L; offset < length; offset += piece.Length)
        {
            await file.WriteAsync((ulong)offset, piece);
        }

        return file;
    }

    /// <summary>Opens so many files, which stay open with the connection.</summary>
    public static async Task HoldAsync(SmbTestTree tree, int count)
    {
        await FolderAsync(tree, Workload.Folder);
        await FolderAsync(tree, $@"{Workload.Folder}\open");
        for (var i = 0; i < count; i++)
        {
            await tree.OpenAsync($@"{Workload.Folder}\open\o{i}");
        }
    }

    /// <summary>A folder of small files with names as clients see them.</summary>
    public static async Task<string> ListingAsync(SmbTestTree tree, int entries)
    {
        await FolderAsync(tree, Workload.Folder);
        var folder = $@"{Workload.Folder}\list{entries}";
        await FolderAsync(tree, folder);
        if (await tree.TryOpenAsync($@"{folder}\file_number_{entries - 1:D5}.txt") == NtStatus.Success)
        {
            return folder;
        }

        for (var i = 0; i < entries; i++)
        {
            await (await tree.OpenAsync($@"{folder}\file_number_{i:D5}.txt")).CloseAsync();
        }

        return folder;
    }
}
