namespace Smb3.Embedded.Rpc;

/// <summary>The contents of bind_ack and alter_context_resp.</summary>
internal readonly record struct RpcAcknowledgement
{
    /// <summary>The flags beside those of the only fragment.</summary>
    public RpcPacketFlags Flags { get; init; }

    /// <summary>The longest fragment, in either direction.</summary>
    public required ushort MaxFragment { get; init; }

    /// <summary>The association group.</summary>
    public required uint Group { get; init; }

    public required string SecondaryAddress { get; init; }

    public required ReadOnlyMemory<RpcContextResult> Results { get; init; }

    /// <summary>In front of the token.</summary>
    public RpcSecurityTrailer Trailer { get; init; }

    /// <summary>The security provider's answer; empty when it has none.</summary>
    public ReadOnlyMemory<byte> Token { get; init; }
}
