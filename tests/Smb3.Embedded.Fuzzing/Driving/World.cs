using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>What the clients of a case know of the server: the live state that the next request is built from.</summary>
internal sealed class World : IDisposable
{
    private readonly Dictionary<(ReferenceKind, int), byte[]> _values = [];

    public Dictionary<int, FuzzClient> Clients { get; } = [];

    /// <summary>By the number of the logon.</summary>
    public Dictionary<int, FuzzSession> Sessions { get; } = [];

    /// <summary>By the number of the TREE_CONNECT.</summary>
    public Dictionary<int, KnownTree> Trees { get; } = [];

    public List<KnownOpen> Opens { get; } = [];

    /// <summary>Opens whose connection is gone.</summary>
    public List<KnownOpen> Lost { get; } = [];

    public List<KnownBreak> Breaks { get; } = [];

    /// <summary>Messages that gave a resume key, an offload token or a policy handle.</summary>
    public List<(ReferenceKind Kind, int Number)> Valued { get; } = [];

    /// <summary>What the response to a message gave; null when it gave none in this run.</summary>
    public byte[]? ValueOf(ReferenceKind kind, int number) => _values.GetValueOrDefault((kind, number));

    public FuzzSession? SessionById(ulong sessionId)
    {
        foreach (var session in Sessions.Values)
        {
            if (session.SessionId == sessionId)
            {
                return session;
            }
        }

        return null;
    }

    /// <summary>Learns from a final response that was well-formed.</summary>
    public void Learn(FuzzClient client, Call call, ReadOnlySpan<byte> response, NtStatus status)
    {
        if (status != NtStatus.Success)
        {
            return;
        }

        var message = call.Message;
        var session = call.Session?.Number ?? 0;
        switch (message.Command)
        {
            case Smb2Command.TreeConnect:
                var tree = TreeConnectAnswer.Parse(response);
                Trees[message.Number] = new KnownTree(
                    message.Number, session, response.UInt32(36), tree.Type, (tree.Flags & Smb2ShareFlags.EncryptData) != 0);
                break;

            case Smb2Command.Create:
                LearnOpen(client, call, session, CreateAnswer.Parse(response));
                break;

            case Smb2Command.Close:
                Forget(Smb2FileId.Read(call.Asked, 8), message);
                break;

            case Smb2Command.TreeDisconnect:
                Trees.Remove(message.Tree);
                Opens.RemoveAll(open => open.Tree == message.Tree);
                break;

            case Smb2Command.Logoff when call.Session is { } ended:
                End(ended);
                break;

            case Smb2Command.Ioctl:
                LearnControl(call, response);
                break;
        }
    }

    /// <summary>The client's connection is gone: what needs it is too.</summary>
    public void Leave(FuzzClient client)
    {
        client.Calls.Clear();
        foreach (var session in Sessions.Values)
        {
            if (!session.HasEnded)
            {
                session.RemoveChannel(client);
                if (session.HasEnded)
                {
                    End(session);
                }
            }
        }
    }

    public void Put(ReferenceKind kind, int number, byte[] value)
    {
        _values[(kind, number)] = value;
        if (kind != ReferenceKind.File)
        {
            Valued.Add((kind, number));
        }
    }

    /// <summary>A session is gone, and with it what hung on it.</summary>
    public void End(FuzzSession session)
    {
        session.HasEnded = true;
        foreach (var open in Opens)
        {
            if (open.Session == session.Number && open.IsDurable)
            {
                Lost.Add(open with { IsLost = true });
            }
        }

        Opens.RemoveAll(open => open.Session == session.Number);
        Breaks.RemoveAll(one => one.Session == session.Number);
        foreach (var tree in Trees.Values.Where(tree => tree.Session == session.Number).ToArray())
        {
            Trees.Remove(tree.Number);
        }
    }

    public void Dispose()
    {
        foreach (var session in Sessions.Values)
        {
            session.Dispose();
        }
    }

    private void LearnOpen(FuzzClient client, Call call, int session, CreateAnswer answer)
    {
        var message = call.Message;
        var id = new byte[16];
        answer.FileId.Write(id, 0);
        Put(ReferenceKind.File, message.Number, id);
        var tree = message.Tree != 0 ? message.Tree : Trees.Values.FirstOrDefault(one => one.Session == session)?.Number ?? 0;
        Opens.RemoveAll(open => open.FileId.Equals(answer.FileId));
        Lost.RemoveAll(open => open.FileId.Persistent == answer.FileId.Persistent);
        client.IsApple |= message.Note is { Apple: true } && answer.Find(CreateContextName.Apple) is not null;
        Opens.Add(new KnownOpen(message.Number, client.Slot, session, tree, message.Note?.Name ?? string.Empty, answer.FileId)
        {
            IsDirectory = (answer.File.Attributes & FileAttributes.Directory) != 0,
            IsPipe = Trees.TryGetValue(tree, out var known) && known.Type == Smb2ShareType.Pipe,
            Access = (FileAccessMask)((ReadOnlySpan<byte>)call.Asked).UInt32(24),
            Oplock = answer.OplockLevel,
            LeaseKey = message.Note?.LeaseKey ?? default,
            CreateGuid = message.Note?.CreateGuid ?? default,
            IsDurable = answer.Find(CreateContextName.DurableHandleRequest) is not null
                || answer.Find(CreateContextName.DurableHandleRequestV2) is not null,
        });
    }

    private void Forget(Smb2FileId id, Message message)
    {
        foreach (var reference in message.References)
        {
            if (reference.Kind == ReferenceKind.File)
            {
                Opens.RemoveAll(open => open.Number == reference.Of);
            }
        }

        Opens.RemoveAll(open => open.FileId.Equals(id) || (message.RelatedTo != 0 && open.Number == message.RelatedTo));
    }

    private void LearnControl(Call call, ReadOnlySpan<byte> response)
    {
        var message = call.Message;
        var body = (ReadOnlySpan<byte>)call.Asked;
        var output = IoctlAnswer.Parse(response).Output;
        switch ((FsControlCode)body.UInt32(4))
        {
            case FsControlCode.SrvRequestResumeKey when output.Length >= 24:
                Put(ReferenceKind.ResumeKey, message.Number, output[..24]);
                break;

            case FsControlCode.OffloadRead when output.Length >= 528:
                Put(ReferenceKind.Token, message.Number, output[16..528]);
                break;

            // A response PDU to an operation that opens a policy, or an account or what it is in: the handle is the first of its stub, or behind 16 bytes.
            case FsControlCode.PipeTransceive when output.Length >= 48 && output[2] == 2 && body.Length >= 80:
                var operation = body.UInt16(56 + 22);
                if (operation is 6 or 44 or 130 or 7 or 19 or 27 or 34 or 57)
                {
                    var at = operation == 130 && output.Length >= 64 ? 40 : 24;
                    if (!output.AsSpan(at, 4).ContainsAnyExcept((byte)0))
                    {
                        Put(ReferenceKind.PolicyHandle, message.Number, output[at..(at + 20)]); // the attributes of a handle are zero
                    }
                }

                break;
        }
    }
}
