using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.TestClient.Wire;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>Frames that are no SMB2 request: multi-protocol greetings of SMB1, headers of transforms, and noise.</summary>
internal sealed class BytesGenerator(Chance chance)
{
    public BytesStep Greeting(int slot)
    {
        var bytes = chance.Next(3) switch
        {
            0 => RequestBody.Smb1Negotiate("PC NETWORK PROGRAM 1.0", "NT LM 0.12", "SMB 2.002", "SMB 2.???"),
            1 => RequestBody.Smb1Negotiate("NT LM 0.12", "SMB 2.002"),
            _ => RequestBody.Smb1Negotiate("NT LM 0.12"),
        };
        for (var changes = chance.Next(3); changes > 0; changes--)
        {
            bytes[chance.Next(bytes.Length)] ^= (byte)(1 << chance.Next(8));
        }

        return new BytesStep(slot, chance.OneIn(6) ? bytes[..chance.Next(bytes.Length)] : bytes);
    }

    public BytesStep Garbage(int slot)
    {
        var bytes = chance.Bytes(chance.Next(200));
        byte[] protocol = chance.Of<byte[]>([0xFD, 0x53, 0x4D, 0x42], [0xFC, 0x53, 0x4D, 0x42], [0xFE, 0x53, 0x4D, 0x42], [0xFF, 0x53, 0x4D, 0x42]);
        protocol.AsSpan(0, Math.Min(4, bytes.Length)).CopyTo(bytes);
        return new BytesStep(slot, bytes)
        {
            Length = chance.Next(4) switch
            {
                0 => (uint)chance.Edge(),
                1 => (uint)bytes.Length + (uint)chance.Next(100),
                _ => null,
            },
        };
    }
}
