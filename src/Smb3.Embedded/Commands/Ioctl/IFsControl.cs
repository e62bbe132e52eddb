using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>One FSCTL.</summary>
internal interface IFsControl
{
    FsControlCode Code { get; }

    /// <summary>Whether the request names an open; the others carry a file id of all ones.</summary>
    bool NeedsOpen { get; }

    /// <summary>Does it. A status that is no error is sent with <see cref="FsControlCall.Output"/>.</summary>
    ValueTask<NtStatus> RunAsync(FsControlCall call);
}

/// <summary>The call of an FSCTL: its input, and where its output goes.</summary>
internal sealed class FsControlCall(Request request, Open? open, ReadOnlyMemory<byte> input, int maxOutput)
{
    public Request Request { get; } = request;

    public Open? Open { get; } = open;

    public ReadOnlyMemory<byte> Input { get; } = input;

    /// <summary>Bytes that the client takes at most.</summary>
    public int MaxOutput { get; } = maxOutput;

    public ReadOnlyMemory<byte> Output { get; set; }
}
