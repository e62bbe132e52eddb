using System.Buffers;
using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Compression;

namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>Makes a frame of messages, and notes which answers are due.</summary>
internal sealed class Composer(World world)
{
    private readonly ArrayBufferWriter<byte> _frame = new();

    /// <summary>The session of the request before, which a related one is served in, whatever its header says.</summary>
    private FuzzSession? _before;

    public byte[] Compose(FuzzClient client, FrameStep step)
    {
        _frame.ResetWrittenCount();
        var first = world.Sessions.GetValueOrDefault(step.Messages[0].Session);
        var seals = first?.Sealer is not null && step.Protection switch
        {
            Protection.Sealed => true,
            Protection.Usual => step.Messages.Any(Seals),
            _ => false,
        };

        // What was damaged on its way may have been anything when it arrived.
        var isWhole = step.Edits.Length == 0 && step.Cut < 0 && step.Compressed == 0;
        client.IsLoose |= !isWhole;
        for (var i = 0; i < step.Messages.Length; i++)
        {
            Add(client, step, i, seals, isWhole);
        }

        var frame = seals ? first!.Seal(_frame.WrittenSpan) : _frame.WrittenSpan.ToArray();
        if (step.Compressed != 0)
        {
            frame = Compress(frame, step.Compressed == 2);
        }

        Apply(step.Edits, frame);
        return step.Cut >= 0 && step.Cut < frame.Length ? frame[..step.Cut] : frame;
    }

    public static void Apply(Edit[] edits, Span<byte> target)
    {
        foreach (var edit in edits)
        {
            if (edit.At < target.Length)
            {
                edit.Bytes.AsSpan(0, Math.Min(edit.Bytes.Length, target.Length - edit.At)).CopyTo(target[edit.At..]);
            }
        }
    }

    private bool Seals(Message message) =>
        (world.Sessions.TryGetValue(message.Session, out var session) && session.EncryptsAll)
        || (world.Trees.TryGetValue(message.Tree, out var tree) && tree.Encrypts);

    private void Add(FuzzClient client, FrameStep step, int index, bool seals, bool isWhole)
    {
        var request = step.Messages[index];
        var isLast = index == step.Messages.Length - 1;
        var session = world.Sessions.GetValueOrDefault(request.Session);
        var signer = session?.SignerOn(client);
        var signs = signer is not null && !seals && step.Protection != Protection.Plain;
        var isCancel = request.Command == Smb2Command.Cancel;
        var target = request.Target == 0 ? null : FindCall(client, request.Target);
        var charge = request.Charge ?? ChargeFor(client, request.Payload);
        var strict = isWhole && request.Edits.Length == 0 && request.NextCommand is null && request.Charge is null
            && (isCancel || request.Target == 0);
        client.IsLoose |= !strict;
        var messageId = request.Target != 0 ? target?.MessageId ?? 0
            : isCancel ? 0
            : client.TakeMessageId(Math.Max(1, (int)charge));

        var size = Smb2Header.Size + request.Body.Length;
        var length = isLast ? size : LittleEndian.Align8(size);
        var message = _frame.GetSpan(length)[..length];
        message.Clear();
        new RequestHeader
        {
            Command = request.Command,
            MessageId = messageId,
            CreditCharge = charge,
            Credits = request.CreditsWanted,
            ChannelSequence = request.ChannelSequence,
            Flags = request.Flags | (signs ? Smb2HeaderFlags.Signed : 0) | (isCancel && request.ByAsyncId ? Smb2HeaderFlags.Async : 0),
            NextCommand = request.NextCommand ?? (isLast ? 0 : (uint)length),
            TreeId = world.Trees.TryGetValue(request.Tree, out var tree) ? tree.TreeId : (uint)request.Tree,
            AsyncId = request.ByAsyncId ? target?.AsyncId ?? 0 : 0,
            SessionId = session?.SessionId ?? 0,
        }.Write(message);
        request.Body.CopyTo(message[Smb2Header.Size..]);
        Fill(request, message[Smb2Header.Size..]);
        Apply(request.Edits, message);
        if (signs)
        {
            signer!.Sign(message);
            if (request.BadSignature)
            {
                message[Smb2Header.SignatureOffset + 3] ^= 0x20;
            }
        }

        _before = index > 0 && (request.Flags & Smb2HeaderFlags.Related) != 0 ? _before : session;
        if (strict && !isCancel)
        {
            client.Calls[messageId] = new Call(request, messageId)
            {
                Session = _before,
                IsSealed = seals,
                IsSigned = signs && !request.BadSignature,
            };
        }

        _frame.Advance(length);
    }

    private static Call? FindCall(FuzzClient client, int number)
    {
        foreach (var call in client.Calls.Values)
        {
            if (call.Message.Number == number)
            {
                return call;
            }
        }

        return null;
    }

    private static ushort ChargeFor(FuzzClient client, int payload) =>
        client.Dialect == Smb2Dialect.Smb202 ? (ushort)0
        : client.MultiCredit ? (ushort)(((Math.Max(payload, 1) - 1) / 65536) + 1)
        : (ushort)1;

    private void Fill(Message request, Span<byte> body)
    {
        foreach (var reference in request.References)
        {
            if (world.ValueOf(reference.Kind, reference.Of) is { } value && reference.At + value.Length <= body.Length)
            {
                value.CopyTo(body[reference.At..]);
            }
        }
    }

    private static byte[] Compress(byte[] frame, bool chained)
    {
        var header = chained ? CompressionTransformHeader.ChainedSize + 8 : CompressionTransformHeader.Size;
        var compressed = new byte[header + frame.Length];
        var span = compressed.AsSpan();
        span.Put(0, 0x424D53FCu);
        span.Put(4, (uint)frame.Length);
        if (chained)
        {
            span.Put(10, (ushort)1);
            span.Put(12, (uint)frame.Length);
        }
        else
        {
            span.Put(12, (uint)frame.Length);
        }

        frame.CopyTo(compressed, header);
        return compressed;
    }
}
