using System.Buffers.Binary;

namespace Smb3.Embedded.Rpc;

/// <summary>
/// The verification trailer (MS-RPCE 2.2.2.13) that a client may append to a request's parameters. It repeats, under the protection of
/// the stub, what is in the unprotected headers; where they differ, somebody has tampered with the headers. Always little-endian.
/// </summary>
internal static class RpcVerificationTrailer
{
    private const int CommandMask = 0x3FFF;
    private const int LastCommand = 0x4000;
    private const int MustProcess = 0x8000;
    private const int SyntaxLength = 20;

    /// <summary>The signature, every command once, and the padding in front.</summary>
    private const int Longest = 8 + (4 + 4) + (4 + 40) + (4 + 16) + 4;

    private const uint ClientSupportsHeaderSigning = 1;

    private enum Command
    {
        Bitmask = 1,
        PresentationContext = 2,
        Header2 = 3,
    }

    private static ReadOnlySpan<byte> Signature => [0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71];

    /// <summary>Whether the stub has no trailer, or one that says what the headers say.</summary>
    public static bool Agrees(ReadOnlySpan<byte> stub, RpcServerCall call, RpcSyntax bound, bool headersAreSigned)
    {
        var start = Math.Max(0, stub.Length - Longest);
        var found = stub[start..].LastIndexOf(Signature);
        if (found < 0)
        {
            return true;
        }

        var rest = stub[(start + found + Signature.Length)..];
        while (rest.Length >= 4)
        {
            var command = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            var length = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]);
            if (length > rest.Length - 4 || !Agrees(command, rest.Slice(4, length), call, bound, headersAreSigned))
            {
                return false;
            }

            if ((command & LastCommand) != 0)
            {
                return true;
            }

            rest = rest[(4 + length)..];
        }

        return false;
    }

    private static bool Agrees(int command, ReadOnlySpan<byte> value, RpcServerCall call, RpcSyntax bound, bool headersAreSigned)
    {
        switch ((Command)(command & CommandMask))
        {
            case Command.Bitmask:
                // A client that supports signed headers said so in its bind; if that did not arrive, somebody has removed it.
                return value.Length == 4
                    && ((BinaryPrimitives.ReadUInt32LittleEndian(value) & ClientSupportsHeaderSigning) == 0 || headersAreSigned);
            case Command.PresentationContext:
                return value.Length == 2 * SyntaxLength && bound.Serves(RpcSyntax.Read(value)) && RpcSyntax.Read(value[SyntaxLength..]) == RpcSyntax.Ndr;
            case Command.Header2:
                return value.Length == 16
                    && value[0] == (byte)RpcPacketType.Request
                    && value[4] == call.Header.Representation
                    && BinaryPrimitives.ReadUInt32LittleEndian(value[8..]) == call.CallId
                    && BinaryPrimitives.ReadUInt16LittleEndian(value[12..]) == call.ContextId
                    && BinaryPrimitives.ReadUInt16LittleEndian(value[14..]) == call.Opnum;
            default:
                return (command & MustProcess) == 0;
        }
    }
}
