using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>The oplock or lease in a CREATE and its response (MS-SMB2 3.3.5.9, 3.3.5.9.8 and 3.3.5.9.11).</summary>
internal static class CachingContext
{
    private const Smb2LeaseState KnownStates = Smb2LeaseState.Read | Smb2LeaseState.Handle | Smb2LeaseState.Write;

    /// <summary>What the client asks for; <see langword="null"/>: no caching.</summary>
    public static CachingRequest? Read(
        Connection connection, TreeConnect tree, Smb2FileId fileId, Smb2OplockLevel level, LeaseContext? context)
    {
        var state = level switch
        {
            Smb2OplockLevel.LevelII => CacheState.Read,
            Smb2OplockLevel.Exclusive => CacheState.Read | CacheState.Write,
            Smb2OplockLevel.Batch => CacheState.Read | CacheState.Write | CacheState.Handle,
            _ => CacheState.None,
        };
        if (state != CacheState.None)
        {
            return new CachingRequest { State = state, Sink = new BreakNotifier(tree, connection, fileId) };
        }

        // A lease needs both the level and the context, and a version that the dialect has.
        if (level != Smb2OplockLevel.Lease
            || context is not { } lease
            || connection.Negotiated is not { } negotiated
            || (negotiated.ServerCapabilities & Smb2Capabilities.Leasing) == 0
            || (lease.Version == 2 && !negotiated.IsSmb3))
        {
            return null;
        }

        Guid? parent = lease.Version == 2 && (lease.Flags & LeaseFlags.ParentLeaseKeySet) != 0 ? lease.ParentLeaseKey : null;
        return new CachingRequest
        {
            State = (CacheState)(lease.State & KnownStates),
            Sink = new BreakNotifier(tree, connection, fileId),
            Table = connection.Client!.Leases,
            Lease = new LeaseIdentity(negotiated.ClientGuid, lease.LeaseKey, parent, lease.Version),
            Epoch = lease.Epoch,
            MayLeaseDirectories = lease.Version == 2 && (negotiated.ServerCapabilities & Smb2Capabilities.DirectoryLeasing) != 0,
        };
    }

    /// <summary>Writes the lease that was granted, and returns the oplock level of the response.</summary>
    /// <param name="open">The open.</param>
    /// <param name="shown">What its grant was when that was made safe. A break that came since is told behind the response.</param>
    /// <param name="contexts">Where it goes.</param>
    public static Smb2OplockLevel Write(
        FileOpen open, (CacheState State, ushort Epoch, bool IsBreaking)? shown, ref CreateContextWriter contexts)
    {
        if (open.Grant is not { } grant)
        {
            return Smb2OplockLevel.None;
        }

        var (state, epoch, isBreaking) = shown ?? grant.Show();
        if (grant.Lease is not { } lease)
        {
            return (state & CacheState.Write) == 0
                ? (state == CacheState.None ? Smb2OplockLevel.None : Smb2OplockLevel.LevelII)
                : (state & CacheState.Handle) == 0 ? Smb2OplockLevel.Exclusive : Smb2OplockLevel.Batch;
        }

        contexts.Lease(new LeaseContext
        {
            Version = lease.Version,
            LeaseKey = lease.Key,
            State = (Smb2LeaseState)state,
            Flags = (isBreaking ? LeaseFlags.BreakInProgress : LeaseFlags.None)
                | (lease.ParentKey is null ? LeaseFlags.None : LeaseFlags.ParentLeaseKeySet),
            ParentLeaseKey = lease.ParentKey ?? default,
            Epoch = lease.Version == 2 ? epoch : (ushort)0,
        });
        return Smb2OplockLevel.Lease;
    }
}
