using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>What an FSCTL does when its line of the <see cref="FsControlTable"/> lets it.</summary>
internal interface IFsControl
{
    /// <summary>
    /// Does it. A status that is no error is sent with <see cref="FsControlCall.Output"/>; an error only where
    /// <see cref="FsControlCall.SendsOutputWithError"/> says so.
    /// </summary>
    ValueTask<NtStatus> RunAsync(FsControlCall call);
}

/// <summary>The call of an FSCTL: its input, and where its output goes.</summary>
internal sealed class FsControlCall(Request request, Open? open, ReadOnlyMemory<byte> input, int maxOutput)
{
    public Request Request { get; } = request;

    public Open? Open { get; } = open;

    /// <summary>The file that it is about; only where the table says that it is about a file.</summary>
    public FileOpen File => ((FileHandle)Open!).File;

    public ReadOnlyMemory<byte> Input { get; } = input;

    /// <summary>Bytes that the client takes at most.</summary>
    public int MaxOutput { get; } = maxOutput;

    /// <summary>Ends what is not worth a CANCEL of its own.</summary>
    public CancellationToken Ended => Request.Connection.Ended;

    public ReadOnlyMemory<byte> Output { get; set; }

    public bool SendsOutputWithError { get; set; }
}
