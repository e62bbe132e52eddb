using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>What an FSCTL does when its row of the <see cref="FsControlTable"/> allows it.</summary>
internal interface IFsControl
{
    /// <summary>
    /// Carries it out. A status that is not an error is sent with <see cref="FsControlCall.Output"/>; an error only where
    /// <see cref="FsControlCall.SendsOutputWithError"/> says so.
    /// </summary>
    ValueTask<NtStatus> RunAsync(FsControlCall call);
}

/// <summary>The call of an FSCTL: its input, and where its output goes.</summary>
internal sealed class FsControlCall(Request request, Open? open, ReadOnlyMemory<byte> input, int maxOutput)
{
    public Request Request { get; } = request;

    public Open? Open { get; } = open;

    /// <summary>The file that it concerns; only where the table says that it concerns a file.</summary>
    public FileOpen File => ((FileHandle)Open!).File;

    public ReadOnlyMemory<byte> Input { get; } = input;

    /// <summary>The most bytes that the client accepts.</summary>
    public int MaxOutput { get; } = maxOutput;

    /// <summary>Ends the operation when the client cancels it, or its connection ends.</summary>
    public CancellationToken Ended => Request.Token;

    public ReadOnlyMemory<byte> Output { get; set; }

    public bool SendsOutputWithError { get; set; }
}
