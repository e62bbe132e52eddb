using System.Diagnostics;
using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Running;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>Does the steps of a case to a server, and fails when the server does not stand them.</summary>
internal sealed class Driver : IDisposable
{
    private static readonly TimeSpan ShortWait = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan DiskWait = TimeSpan.FromMilliseconds(50);

    private readonly FuzzServer _server;
    private readonly Receiver _receiver;
    private readonly Composer _composer;
    private readonly LogOn _logOn;

    public Driver(FuzzServer server, SuccessTable table)
    {
        _server = server;
        _receiver = new Receiver(World, table);
        _composer = new Composer(World);
        _logOn = new LogOn(World, _receiver, Exchange);
    }

    public World World { get; } = new();

    /// <summary>Messages that went out.</summary>
    public long Sent { get; private set; }

    public void Do(Step step)
    {
        switch (step)
        {
            case ConnectStep connect:
                Connect(connect.Client);
                break;
            case CloseStep close when World.Clients.TryGetValue(close.Client, out var client):
                Close(client);
                break;
            case WaitStep wait:
                _server.Pass(TimeSpan.FromMilliseconds(wait.Milliseconds));
                _receiver.TakeAll();
                break;
            case LogOnStep logOn when World.Clients.TryGetValue(logOn.Client, out var client):
                _logOn.Run(client, logOn);
                break;
            case BytesStep bytes when World.Clients.TryGetValue(bytes.Client, out var client):
                Sent++;
                client.IsLoose = true;
                client.IsMidFrame |= bytes.Length is { } length && length > bytes.Bytes.Length;
                client.Send(bytes.Bytes, bytes.Length, _receiver.TakeAll);
                break;
            case FrameStep frame when World.Clients.TryGetValue(frame.Client, out var client):
                DoFrame(client, frame);
                break;
        }

        _receiver.TakeAll();
        CheckFaults();
    }

    /// <summary>Everything that was asked is answered, if need be because it is cancelled or because its time is over.</summary>
    public void Settle()
    {
        foreach (var client in World.Clients.Values.Where(client => !client.IsClosed))
        {
            CancelAll(client);
            if (client is { IsMidFrame: false, IsLoose: true, IsClosed: false })
            {
                Probe(client);
            }
        }

        var turns = 0;
        var watch = Stopwatch.StartNew();
        while (Unanswered() is { } what)
        {
            if (watch.Elapsed > _server.Patience)
            {
                throw new FuzzFailure("hang", what);
            }

            Thread.Sleep(1);
            _receiver.TakeAll();
            if (++turns % 16 == 0)
            {
                // A break that nobody answers, a handle that nobody closes; and in a compound the next begins to wait only then.
                _server.Pass(TimeSpan.FromMinutes(2));

                // What waits in a compound begins to wait when the one before it has been cancelled.
                foreach (var client in World.Clients.Values.Where(client => client is { IsClosed: false, IsLoose: false }))
                {
                    CancelAll(client);
                }
            }
        }

        CheckFaults();
    }

    /// <summary>Every client goes.</summary>
    public void CloseAll()
    {
        foreach (var client in World.Clients.Values)
        {
            Close(client);
        }

        CheckFaults();
    }

    public void CheckFaults()
    {
        if (_server.Faults.HasFault)
        {
            throw new FuzzFailure("fault", _server.Faults.TakeFirst()!);
        }
    }

    public void Dispose()
    {
        foreach (var client in World.Clients.Values)
        {
            client.Close();
        }

        World.Dispose();
    }

    /// <summary>Two and two clients are on one machine.</summary>
    private static Guid ClientGuid(int slot) => new(0x5A17 + (slot / 2), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

    private void Connect(int slot)
    {
        if (World.Clients.TryGetValue(slot, out var old))
        {
            Close(old);
        }

        World.Clients[slot] = new FuzzClient(slot, _server.Connect(), ClientGuid(slot));
    }

    private void Close(FuzzClient client)
    {
        if (!client.IsClosed)
        {
            World.Leave(client);
        }

        client.Close();
    }

    private void DoFrame(FuzzClient client, FrameStep step)
    {
        Sent += step.Messages.Length;
        if (client.IsClosed)
        {
            return;
        }

        var frame = _composer.Compose(client, step);
        if (client.Negotiated is null)
        {
            _receiver.LastNegotiate = frame;
        }

        if (frame.Length == 0)
        {
            return;
        }

        Exchange(client, frame);
    }

    /// <summary>Sends, and waits a little for what the server does not answer at once.</summary>
    private void Exchange(FuzzClient client, byte[] frame)
    {
        client.Send(frame, null, _receiver.TakeAll);
        _receiver.Take(client);
        if (client.IsClosed || !HasUntouched(client))
        {
            return;
        }

        // A new connection is taken in by another thread; what was answered by an interim response may take as long as it likes.
        var patience = client is { Negotiated: null, IsLoose: false } ? _server.Patience : _server.Setting.Folder ? DiskWait : ShortWait;
        for (var watch = Stopwatch.StartNew(); !client.IsClosed && HasUntouched(client) && watch.Elapsed < patience;)
        {
            Thread.Yield();
            _receiver.Take(client);
            CheckFaults();
        }

        // Who was waited for in vain is not waited for again before the end: in the middle of a compound a request may wait in silence.
        foreach (var call in client.Calls.Values)
        {
            call.IsPatient = true;
        }
    }

    private static bool HasUntouched(FuzzClient client)
    {
        foreach (var call in client.Calls.Values)
        {
            if (call is { AsyncId: 0, IsPatient: false })
            {
                return true;
            }
        }

        return false;
    }

    private void CancelAll(FuzzClient client)
    {
        foreach (var call in client.Calls.Values.ToArray())
        {
            Cancel(client, call);
        }
    }

    private void Cancel(FuzzClient client, Call call)
    {
        var cancel = new Message(0, Smb2Command.Cancel, RequestBody.Empty())
        {
            Session = call.Session?.Number ?? 0,
            Tree = call.AsyncId == 0 ? call.Message.Tree : 0,
            Target = call.Message.Number,
            ByAsyncId = call.AsyncId != 0,
            CreditsWanted = 0,
            Charge = 0,
        };
        var wasLoose = client.IsLoose;
        client.Send(
            _composer.Compose(client, new FrameStep(client.Slot, [cancel]) { Protection = call.IsSealed ? Protection.Sealed : Protection.Usual }),
            null,
            _receiver.TakeAll);
        client.IsLoose = wasLoose;
        _receiver.TakeAll();
    }

    /// <summary>Whatever has come before: an ECHO is answered, or the server has closed the connection.</summary>
    private void Probe(FuzzClient client)
    {
        var message = new Message(0, Smb2Command.Echo, RequestBody.Empty());
        var messageId = client.TakeMessageId(1);
        client.Calls[messageId] = new Call(message, messageId);
        client.ProbeId = messageId;
        Exchange(client, new RequestHeader
        {
            Command = Smb2Command.Echo,
            MessageId = messageId,
            CreditCharge = (ushort)(client.Dialect == Smb2Dialect.Smb202 ? 0 : 1),
        }.Compose(message.Body));
    }

    /// <summary>The first request that still waits for its answer, or the server's idea of one.</summary>
    private string? Unanswered()
    {
        foreach (var client in World.Clients.Values)
        {
            if (client.IsClosed || client.IsMidFrame)
            {
                continue;
            }

            if (client.IsLoose && client.ProbeId is { } probe && client.Calls.ContainsKey(probe))
            {
                return $"client {client.Slot}: neither an answer to ECHO nor an end";
            }

            if (!client.IsLoose && client.Calls.Count > 0)
            {
                return $"client {client.Slot}: no answer to {client.Calls.Values.First()}";
            }
        }

        return World.Clients.Values.Any(client => client.IsLoose) ? null : _server.FindRunning();
    }
}
