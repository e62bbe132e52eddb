using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Commands.NamedPipes;
using Smb3.Embedded.Commands.Posix;
using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>CREATE (MS-SMB2 3.3.5.9).</summary>
internal sealed class CreateHandler(CommandServices services) : ICommandHandler
{
    private readonly OpenReclaim _reclaim = new(services);

    public ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!CreateRequest.TryParse(request.Message.Span, out var create) || (create.Name.Length & 1) != 0)
        {
            return new(NtStatus.InvalidParameter);
        }

        if (!create.TryGetContexts(out var contexts))
        {
            return new(NtStatus.InvalidParameter);
        }

        var status = DurableContexts.TryRead(contexts, request.Connection.Negotiated!.Dialect, out var durable);
        if (status != NtStatus.Success)
        {
            return new(status);
        }

        var tree = request.TreeConnect!;
        var name = create.GetName();
        status = DfsName.Resolve(request, tree.Share, create.Options, ref name);
        if (status != NtStatus.Success)
        {
            return new(status);
        }

        // What is taken up again is what it was: nothing else in the request counts, and clients do leave nonsense there.
        if (durable.IsReconnect && !tree.Share.IsPipe)
        {
            return CreateContexts.TryRead(contexts, out var asked) is var read && read != NtStatus.Success
                ? new(read)
                : _reclaim.ReconnectAsync(new CreateCall(request, tree, asked, durable, Smb2OplockLevel.Lease), name);
        }

        if (create.ImpersonationLevel > Smb2ImpersonationLevel.Delegate)
        {
            return new(NtStatus.BadImpersonationLevel);
        }

        // What the tree leads to is not what is at the share's path any more: the client connects again, to that.
        if (!tree.Share.WasInPlace)
        {
            _ = request.Graph.Shares.CheckPlace?.Invoke(tree.Share.Name).AsTask();
            return new(NtStatus.NetworkNameDeleted);
        }

        return tree.Share.IsPipe
            ? PipeOpening.OpenAsync(request, tree, NewFileId(request), name, services.Pipes)
            : OpenFileAsync(request, tree, name, create, contexts, durable);
    }

    private ValueTask<NtStatus> OpenFileAsync(
        Request request, TreeConnect tree, string name, in CreateRequest create, in CreateContextList contexts, in DurableContexts durable)
    {
        var status = CreateContexts.TryRead(contexts, out var asked);
        if (status != NtStatus.Success)
        {
            return new(status);
        }

        var posix = PosixCommands.AreSpoken(request) ? asked.Posix : null;
        var fileId = NewFileId(request);
        var parameters = new CreateParameters
        {
            Path = name,
            AsOf = asked.AsOf,
            IsPosix = posix is not null,
            UnixMode = posix?.Mode,
            IsMac = request.Session!.Apple != AppleServerCapabilities.None && tree.Share.Volume!.Options.ServesMacs,
            Caller = request.Session!.Caller,
            ClientGuid = request.Connection.Negotiated!.ClientGuid,
            HidesUnreadable = tree.Share.AccessBasedEnumeration,
            ShareMaximalAccess = tree.MaximalAccess & tree.Share.MaximalAccessOf(request.Session.Identity!),
            DesiredAccess = create.DesiredAccess,
            ShareAccess = create.ShareAccess,
            Disposition = create.Disposition,
            Options = create.Options,
            Attributes = create.FileAttributes,
            AllocationSize = asked.AllocationSize,
            SecurityDescriptor = asked.SecurityDescriptor,
            ExtendedAttributes = asked.Attributes ?? [],
            Caching = CachingContext.Read(request.Connection, tree, fileId, create.RequestedOplockLevel, asked.Lease),
            Observer = HookedFiles.Of(services, request.Session, tree.Share.NameForHost),
            OnWait = request.GoAsync,
            Later = request.Later,
            KnowsAwaited = request.Connection.Negotiated.IsSmb3,
        };
        var call = new CreateCall(request, tree, asked, durable, create.RequestedOplockLevel);
        return durable.RequestV2 is { } v2
            ? OpenClaimedAsync(call, fileId, parameters, v2.CreateGuid)
            : FileOpening.OpenAsync(call, fileId, parameters, claim: null);
    }

    /// <summary>Opens a file under a create guid, which no other open of the client may have (MS-SMB2 3.3.5.9.10).</summary>
    private async ValueTask<NtStatus> OpenClaimedAsync(CreateCall call, Smb2FileId fileId, CreateParameters parameters, Guid createGuid)
    {
        var request = call.Request;
        var table = request.Graph.Opens;
        var claim = table.TryClaim(request.Connection.Negotiated!.ClientGuid, createGuid, call.Tree.Share.Volume?.Fence, out var holder);
        var status = CheckReplay(call, parameters, createGuid, claim is null ? holder : null, out var made);
        if (claim is null || made is not null || status != NtStatus.Success)
        {
            if (claim is not null)
            {
                table.Abandon(claim);
            }

            return status != NtStatus.Success ? status
                : made!.Handle is { } handle && handle.TreeConnect == call.Tree
                    ? await CreateAnswer.RepeatAsync(call, handle).ConfigureAwait(false)
                    : await _reclaim.TakeUpAgainAsync(call, made).ConfigureAwait(false);
        }

        request.CanBeReplayed = true;
        try
        {
            return await FileOpening.OpenAsync(call, fileId, parameters, claim).ConfigureAwait(false);
        }
        finally
        {
            if (claim.Open is null)
            {
                table.Abandon(claim);
            }
        }
    }

    private static NtStatus CheckReplay(
        in CreateCall call, CreateParameters parameters, Guid createGuid, CreateClaim? holder, out GlobalOpen? made)
    {
        var replay = new CreateReplay(
            call.Request, call.Tree, parameters, call.Durable, call.Level == Smb2OplockLevel.Lease ? call.Asked.Lease : null);
        return holder is not null ? replay.Check(holder, out made) : replay.FindLost(createGuid, out made);
    }

    private static Smb2FileId NewFileId(Request request)
    {
        var id = request.Graph.NextFileId();
        return new Smb2FileId(id, id);
    }
}
