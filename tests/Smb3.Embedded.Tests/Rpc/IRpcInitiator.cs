using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Authentication;

namespace Smb3.Embedded.Tests.Rpc;

/// <summary>The client's side of a security context of RPC.</summary>
internal interface IRpcInitiator
{
    RpcAuthType Type { get; }

    /// <summary>Whether the server answers the last token.</summary>
    bool IsAnswered { get; }

    /// <summary>The first token.</summary>
    byte[] Start();

    /// <summary>The last one.</summary>
    byte[] Next(byte[] answer);

    /// <summary>Whether the server's last word is right.</summary>
    bool Finish(byte[] answer);

    /// <summary>What protects the messages: those that are sent are the client's.</summary>
    IMessageProtection Protect();
}
