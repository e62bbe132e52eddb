using Smb3.Embedded.Pipes;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.NamedPipes;

/// <summary>An open of a named pipe on IPC$.</summary>
internal sealed class PipeHandle : Open
{
    public PipeHandle(Smb2FileId fileId, TreeConnect treeConnect, ushort channelSequence, NamedPipe pipe)
        : base(fileId, treeConnect, channelSequence) => Pipe = pipe;

    public NamedPipe Pipe { get; }

    public override string Name => Pipe.Name;

    protected override ValueTask ReleaseAsync()
    {
        Pipe.Dispose();
        return default;
    }
}
