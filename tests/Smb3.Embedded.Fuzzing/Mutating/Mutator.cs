using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Generating;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Mutating;

/// <summary>Makes valid requests invalid: at their fields where they are known, elsewhere by chance.</summary>
internal sealed class Mutator(Chance chance)
{
    /// <summary>The body of an earlier request, from which pieces are taken over.</summary>
    private byte[] _other = [];

    /// <summary>Changes the body.</summary>
    public Message Body(Message message)
    {
        var body = (byte[])message.Body.Clone();
        for (var changes = chance.OneIn(3) ? chance.Between(2, 5) : 1; changes > 0 && body.Length > 0; changes--)
        {
            body = Change(message.Command, body);
        }

        if (message.Body.Length > 0 && chance.OneIn(2))
        {
            _other = message.Body;
        }

        // What was written over is not put in again.
        var references = Array.FindAll(message.References, reference => IsUntouched(message.Body, body, reference));
        return message with { Body = body, References = references, AsBuilt = false };
    }

    /// <summary>Changes the header: its flags, ids, charge, and where the next one is.</summary>
    public Message Header(Message message)
    {
        var changed = message with { AsBuilt = false };
        return chance.Next(9) switch
        {
            0 => changed with { NextCommand = (uint)chance.Edge() },
            1 => changed with { Charge = (ushort)chance.Edge() },
            2 => changed with { Flags = message.Flags ^ (Smb2HeaderFlags)(1u << chance.Next(32)), Edits = [new Edit(10, [0])] },
            3 => changed with { Edits = [new Edit(40, chance.Bytes(8))] },
            4 => changed with { Edits = [new Edit(36, chance.Bytes(4))] },
            5 => changed with { Edits = [new Edit(24, BitConverter.GetBytes(chance.Edge()))] },
            6 => changed with { Edits = [new Edit(12, BitConverter.GetBytes((ushort)chance.Next(24)))] },
            7 => changed with { BadSignature = true },
            _ => changed with { Edits = [new Edit(chance.Next(Smb2Header.Size), chance.Bytes(chance.Between(1, 4)))] },
        };
    }

    /// <summary>Changes any bytes.</summary>
    public byte[] Bytes(byte[] input)
    {
        if (input.Length == 0)
        {
            return chance.Bytes(8);
        }

        if (chance.OneIn(8))
        {
            _other = input;
        }

        return Change(Smb2Command.Echo, (byte[])input.Clone());
    }

    /// <summary>Changes of bytes that are on their way.</summary>
    public Edit[] Edits(int length)
    {
        var edits = new Edit[chance.Between(1, 3)];
        for (var i = 0; i < edits.Length; i++)
        {
            edits[i] = new Edit(chance.Next(Math.Max(1, length)), chance.OneIn(2) ? chance.Bytes(1) : BitConverter.GetBytes((uint)chance.Edge()));
        }

        return edits;
    }

    private static bool IsUntouched(byte[] before, byte[] after, Reference reference)
    {
        var size = Math.Min(16, before.Length - reference.At);
        return size > 0 && reference.At + size <= after.Length
            && before.AsSpan(reference.At, size).SequenceEqual(after.AsSpan(reference.At, size));
    }

    private byte[] Change(Smb2Command command, byte[] body)
    {
        switch (chance.Next(10))
        {
            case 0 or 1 or 2 or 3:
                ChangeField(command, body);
                return body;
            case 4:
                body[chance.Next(body.Length)] ^= (byte)(1 << chance.Next(8));
                return body;
            case 5:
                return body[..chance.Next(body.Length)];
            case 6:
                return [.. body, .. chance.Bytes(chance.Next(40))];
            case 7:
                return Splice(body);
            case 8:
                // A number of two, four or eight bytes where one may be.
                var width = chance.Of(2, 4, 8);
                var at = chance.Next((body.Length / 2) + 1) * 2;
                Put(body, at, width, chance.Edge());
                return body;
            default:
                body[chance.Next(body.Length)] = (byte)chance.Next(256);
                return body;
        }
    }

    private void ChangeField(Smb2Command command, byte[] body)
    {
        var fields = BodyFields.Of(command);
        var (at, width) = chance.Of<(int, int)>(fields);
        var length = (ulong)body.Length;
        var value = chance.Next(6) switch
        {
            0 => length + Smb2Header.Size,
            1 => length + Smb2Header.Size - 1,
            2 => length + Smb2Header.Size + 1,
            3 => (ulong)chance.Next(256),
            _ => chance.Edge(),
        };
        Put(body, at, width, value);
    }

    private byte[] Splice(byte[] body)
    {
        if (_other.Length == 0)
        {
            return body;
        }

        var count = chance.Next(Math.Min(64, _other.Length)) + 1;
        var from = chance.Next(_other.Length - count + 1);
        var at = chance.Next(body.Length);
        var copy = (byte[])body.Clone();
        var fits = Math.Min(count, copy.Length - at);
        _other.AsSpan(from, fits).CopyTo(copy.AsSpan(at));
        return copy;
    }

    private static void Put(byte[] body, int at, int width, ulong value)
    {
        for (var i = 0; i < width && at + i < body.Length; i++)
        {
            body[at + i] = (byte)(value >> (8 * i));
        }
    }
}
