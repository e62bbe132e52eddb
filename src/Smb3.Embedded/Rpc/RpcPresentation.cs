using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Rpc;

/// <summary>The presentation contexts of a connection: the client's numbers for the interfaces that it has bound.</summary>
internal sealed class RpcPresentation(IReadOnlyList<IRpcInterface> interfaces, int max)
{
    private readonly Dictionary<ushort, IRpcInterface> _contexts = [];

    /// <summary>The interface of a context; null when none was bound to it.</summary>
    public IRpcInterface? Find(ushort contextId) => _contexts.GetValueOrDefault(contextId);

    /// <summary>
    /// Reads a p_cont_list_t (C706 12.6.3.1) and works out the answer to each context: count (1 byte, 3 reserved); each context its id (2),
    /// number of transfer syntaxes (1, 1 reserved), abstract syntax, transfer syntaxes (UUID and version, 20 bytes each). Nothing is bound
    /// before <see cref="Bind"/>.
    /// </summary>
    public RpcProposal? Read(ref NdrReader reader)
    {
        var count = reader.ReadByte();
        reader.ReadBytes(3);
        var proposal = new RpcProposal(count);
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            var id = reader.ReadUInt16();
            var transferCount = reader.ReadByte();
            reader.ReadByte();
            var wanted = ReadSyntax(ref reader);
            var hasNdr = false;
            RpcBindTimeFeatures? features = null;
            for (var j = 0; j < transferCount && !reader.Failed; j++)
            {
                var transfer = ReadSyntax(ref reader);
                hasNdr |= transfer == RpcSyntax.Ndr;
                if (transfer.IsBindTimeFeatures(out var asked))
                {
                    features = asked;
                }
            }

            proposal.Results[i] = Answer(id, wanted, hasNdr, features, proposal);
        }

        // A result is as long as the shortest context, so the answer to any one PDU is one PDU.
        return reader.Failed || count == 0 ? null : proposal;
    }

    /// <summary>Binds what was accepted.</summary>
    public void Bind(RpcProposal proposal)
    {
        foreach (var (id, served) in proposal.Accepted)
        {
            _contexts[id] = served;
        }
    }

    private static RpcSyntax ReadSyntax(ref NdrReader reader)
    {
        // p_syntax_id_t has its version as one 32-bit number: major in the low half.
        var uuid = reader.ReadGuid();
        var version = reader.ReadUInt32();
        return new RpcSyntax(uuid, (ushort)version, (ushort)(version >> 16));
    }

    private RpcContextResult Answer(ushort id, RpcSyntax wanted, bool hasNdr, RpcBindTimeFeatures? features, RpcProposal proposal)
    {
        // An orphaned call leaves the connection in use here; a connection has one security context.
        if (features is { } asked && !hasNdr)
        {
            return RpcContextResult.Features(asked & RpcBindTimeFeatures.KeepConnectionOnOrphan);
        }

        if (interfaces.FirstOrDefault(candidate => candidate.Syntax.Serves(wanted)) is not { } served)
        {
            return RpcContextResult.UnknownInterface;
        }

        if (!hasNdr)
        {
            return RpcContextResult.UnknownTransferSyntax;
        }

        if (_contexts.Count + proposal.Accepted.Count >= max)
        {
            return RpcContextResult.LimitExceeded;
        }

        proposal.Accepted.Add((id, served));
        return RpcContextResult.Accepted;
    }
}
