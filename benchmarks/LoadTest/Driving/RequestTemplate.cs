using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.LoadTest.Driving;

/// <summary>Changes the messages of a template for the <paramref name="number"/>th time it is sent.</summary>
internal delegate void Vary(Span<byte> messages, long number);

/// <summary>
/// A request, or a compound that counts as one, composed once and sent many times: only message ids, what <see cref="Vary"/> changes
/// and the protection are new each time. It belongs to one connection.
/// </summary>
internal sealed class RequestTemplate
{
    /// <summary>Room in front of the messages: Direct TCP header, transform header.</summary>
    public const int Prefix = sizeof(uint) + Smb2TransformHeader.Size;

    private const int MessageIdOffset = 24;

    private readonly (int Start, int Length, int Charge)[] _parts;

    public RequestTemplate(Guard guard, SmbTestRequest[] requests)
    {
        _parts = new (int, int, int)[requests.Length];
        var end = Prefix;
        for (var i = 0; i < requests.Length; i++)
        {
            var size = Smb2Header.Size + requests[i].Body.Length;
            var length = i == requests.Length - 1 ? size : (size + 7) & ~7;
            _parts[i] = (end, length, (int)((Math.Max(requests[i].Payload, 1) - 1) / 65536) + 1);
            end += length;
        }

        Frame = new byte[end];
        for (var i = 0; i < requests.Length; i++)
        {
            var request = requests[i];
            var (start, length, charge) = _parts[i];
            var header = new RequestHeader
            {
                Command = request.Command,
                CreditCharge = (ushort)charge,
                Credits = (ushort)charge,
                Flags = request.Flags | (guard.Signs ? Smb2HeaderFlags.Signed : Smb2HeaderFlags.None),
                NextCommand = i == requests.Length - 1 ? 0 : (uint)length,
                TreeId = request.TreeId,
                SessionId = request.Session?.SessionId ?? 0,
            };
            header.Write(Frame.AsSpan(start));
            request.Body.CopyTo(Frame.AsSpan(start + Smb2Header.Size));
        }
    }

    /// <summary>The messages, behind <see cref="Prefix"/> bytes.</summary>
    public byte[] Frame { get; }

    public Vary? Vary { get; init; }

    /// <summary>What every response but the last must say.</summary>
    public NtStatus Expected { get; init; } = NtStatus.Success;

    /// <summary>What the last response may say as well, such as that a buffer is short or a name is missing.</summary>
    public NtStatus AlsoExpected { get; init; } = NtStatus.Success;

    /// <summary>Credits that one of it uses.</summary>
    public int Charge => _parts.Sum(part => part.Charge);

    public int Parts => _parts.Length;

    /// <summary>Where the message of a part begins, seen from the first.</summary>
    public int StartOf(int part) => _parts[part].Start - Prefix;

    /// <summary>Gives the messages their ids and content; the id of the last is returned, and <paramref name="next"/> moved on.</summary>
    public ulong Renew(long number, ref ulong next)
    {
        Vary?.Invoke(Frame.AsSpan(Prefix), number);
        var last = next;
        foreach (var (start, _, charge) in _parts)
        {
            last = next;
            BinaryPrimitives.WriteUInt64LittleEndian(Frame.AsSpan(start + MessageIdOffset), last);
            next += (ulong)charge;
        }

        return last;
    }

    public Span<byte> Message(int part) => Frame.AsSpan(_parts[part].Start, _parts[part].Length);
}
