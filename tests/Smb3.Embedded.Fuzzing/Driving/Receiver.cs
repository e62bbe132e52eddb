using Smb3.Embedded.Fuzzing.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>Takes what the server sends, and fails on what it must not send.</summary>
internal sealed class Receiver(World world, SuccessTable table)
{
    private const int MaxCredits = 8192;

    /// <summary>The last response to each SESSION_SETUP and NEGOTIATE, which other requests do not need.</summary>
    public byte[]? LastLogOn { get; set; }

    /// <summary>The request that a NEGOTIATE response belongs to, for the preauthentication hash.</summary>
    public byte[] LastNegotiate { get; set; } = [];

    /// <summary>Takes all that has come on all connections.</summary>
    public void TakeAll()
    {
        foreach (var client in world.Clients.Values)
        {
            Take(client);
        }
    }

    public void Take(FuzzClient client)
    {
        if (client.IsClosed)
        {
            return;
        }

        while (client.TryReceive(out var frame))
        {
            TakeFrame(client, frame);
        }

        if (client.IsClosed)
        {
            world.Leave(client);
        }
    }

    private void TakeFrame(FuzzClient client, byte[] frame)
    {
        var isSealed = false;
        if (Smb2TransformHeader.TryParse(frame, out var transform))
        {
            if (world.SessionById(transform.SessionId)?.Sealer is not { } sealer || !sealer.TryOpen(frame))
            {
                throw new FuzzFailure("bad seal", $"client {client.Slot}: a frame that does not open");
            }

            isSealed = true;
            frame = frame[Smb2TransformHeader.Size..];
        }

        for (var rest = frame.AsSpan(); ;)
        {
            if (!Smb2Header.TryParse(rest, out var header) || (header.Flags & Smb2HeaderFlags.ServerToRedirector) == 0)
            {
                throw new FuzzFailure("malformed response", "no header of a response");
            }

            var next = (int)header.NextCommand;
            if (next != 0 && ((next & 7) != 0 || next < Smb2Header.Size + 4 || next > rest.Length - Smb2Header.Size))
            {
                throw new FuzzFailure("malformed response", $"the next response at {next} of {rest.Length}");
            }

            TakeResponse(client, next == 0 ? rest : rest[..next], header, isSealed);
            if (next == 0)
            {
                return;
            }

            rest = rest[next..];
        }
    }

    private void TakeResponse(FuzzClient client, Span<byte> response, Smb2Header header, bool isSealed)
    {
        client.Credits += header.Credits;
        if (client.Credits > MaxCredits && !client.IsLoose)
        {
            throw new FuzzFailure("credits", $"client {client.Slot} has {client.Credits}");
        }

        if (header.MessageId == Smb2Header.UnsolicitedMessageId)
        {
            TakeBreak(client, header, response);
            return;
        }

        var call = client.Calls.GetValueOrDefault(header.MessageId);
        CheckSignature(client, header, response, call, isSealed);
        if (call is null)
        {
            if (!client.IsLoose)
            {
                throw new FuzzFailure("unasked", $"client {client.Slot}: {header.Command} {header.Status} for message {header.MessageId}");
            }

            return;
        }

        if (header.Command != call.Message.Command)
        {
            if (client.IsLoose)
            {
                // To something broken that had this message id.
                client.Calls.Remove(header.MessageId);
                return;
            }

            throw new FuzzFailure("malformed response", $"{header.Command} answers {call}");
        }

        if (call.IsSealed && !isSealed)
        {
            throw new FuzzFailure("not sealed", $"{call} -> {header.Status}");
        }

        if (header.IsAsync && header.Status == NtStatus.Pending)
        {
            if (call.AsyncId != 0)
            {
                throw new FuzzFailure("malformed response", $"a second interim response to {call}");
            }

            call.AsyncId = header.AsyncId;
            _ = ErrorAnswer.Parse(response);
            return;
        }

        client.Calls.Remove(header.MessageId);
        if ((call.AsyncId != 0) != header.IsAsync || (header.IsAsync && call.AsyncId != header.AsyncId))
        {
            throw new FuzzFailure("malformed response", $"async id {(header.IsAsync ? header.AsyncId : 0):x} to {call}");
        }

        ResponseCheck.Check(client, call, response, header.Status);
        table.Count(call.Message, header.Status);
        if (header.Command == Smb2Command.Negotiate && header.Status == NtStatus.Success && client.Negotiated is null)
        {
            client.Accept(NegotiateAnswer.Parse(response), LastNegotiate, response);
        }
        else if (header.Command == Smb2Command.SessionSetup)
        {
            LastLogOn = response.ToArray();
        }

        world.Learn(client, call, response, header.Status);
    }

    private void CheckSignature(FuzzClient client, Smb2Header header, Span<byte> response, Call? call, bool isSealed)
    {
        // Who logs on checks the response himself; to a request without a session, or related to one, there is nobody who could sign.
        if (isSealed || header.SessionId == 0 || header.Command == Smb2Command.SessionSetup || header.Status == NtStatus.UserSessionDeleted)
        {
            return;
        }

        if (header.IsSigned)
        {
            if (world.SessionById(header.SessionId)?.SignerOn(client) is { } signer && !signer.Verify(response.ToArray()))
            {
                throw new FuzzFailure("bad signature", $"{header.Command} {header.Status} for message {header.MessageId}");
            }
        }
        else if (call is { IsSigned: true } && header.Status == NtStatus.Success)
        {
            throw new FuzzFailure("not signed", $"{call} -> {header.Status}");
        }
    }

    private void TakeBreak(FuzzClient client, Smb2Header header, ReadOnlySpan<byte> response)
    {
        BreakAnswer answer;
        try
        {
            answer = header.Command == Smb2Command.OplockBreak
                ? BreakAnswer.Parse(response)
                : throw new InvalidDataException("no break");
        }
        catch (InvalidDataException e)
        {
            throw new FuzzFailure("malformed response", $"unsolicited {header.Command}: {e.Message}");
        }

        var open = world.Opens.Find(one => answer.IsLease ? one.LeaseKey == answer.LeaseKey : one.FileId.Equals(answer.FileId));
        if (world.Breaks.Count < 64)
        {
            world.Breaks.Add(new KnownBreak(client.Slot, open?.Session ?? 0, open?.Tree ?? 0, open?.Number ?? 0, answer));
        }
    }
}
