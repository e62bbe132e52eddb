using Smb3.Embedded.Files;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Sessions;

/// <summary>An open of a file or directory on a disk share.</summary>
internal sealed class FileHandle : Open
{
    public FileHandle(Smb2FileId fileId, TreeConnect treeConnect, FileOpen file)
        : base(fileId, treeConnect) => File = file;

    public FileOpen File { get; }

    public override string Name => File.Path.Text;

    protected override async ValueTask ReleaseAsync() => await File.CloseAsync().ConfigureAwait(false);
}
