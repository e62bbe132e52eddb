using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// Serves one SMB2 command. It sees a request that is verified and placed in the graph, never a socket, a signature or a credit.
/// </summary>
internal interface ICommandHandler
{
    /// <summary>
    /// Does what the request asks and appends the body of the response to it. When the status is an error, the dispatcher sends the error
    /// response instead, unless <see cref="Request.KeepBody"/> was called.
    /// </summary>
    ValueTask<NtStatus> HandleAsync(Request request);

    /// <summary>
    /// The party whose key signs a request, for a command that finds its session itself; the pipeline verifies the signature and reports it
    /// in <see cref="Request.IsVerified"/>. Null when there is none.
    /// </summary>
    SigningParty? SignedBy(Request request) => null;

    /// <summary>
    /// The most bytes that the response to a request may take, where that can be many: room for them is made before the request is served.
    /// </summary>
    long LargestOutput(Request request) => 0;
}

/// <summary>What must be in place before a command is served.</summary>
[Flags]
internal enum CommandNeeds
{
    None = 0,

    /// <summary>A session that has authenticated.</summary>
    Session = 1,

    /// <summary>A tree connect of that session.</summary>
    Tree = 2 | Session,
}

/// <summary>The handlers by command; a command without one is answered with STATUS_INVALID_PARAMETER (MS-SMB2 3.3.5.2).</summary>
internal sealed class CommandTable
{
    private readonly (ICommandHandler? Handler, CommandNeeds Needs)[] _entries = new (ICommandHandler?, CommandNeeds)[32];

    public void Add(Smb2Command command, CommandNeeds needs, ICommandHandler handler) => _entries[(int)command] = (handler, needs);

    public (ICommandHandler? Handler, CommandNeeds Needs) this[Smb2Command command] =>
        (int)command < _entries.Length ? _entries[(int)command] : default;
}
