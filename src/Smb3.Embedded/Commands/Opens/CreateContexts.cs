using System.Buffers.Binary;
using Smb3.Embedded.Commands.ExtendedAttributes;
using Smb3.Embedded.Commands.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>
/// What the create contexts of a CREATE ask for (MS-SMB2 3.3.5.9.1 to 3.3.5.9.14), copied out of the request. A context that the server
/// does not know is ignored, as the specification demands; one that is malformed fails the request.
/// </summary>
internal readonly record struct CreateContexts
{
    public long AllocationSize { get; private init; }

    public ReadOnlyMemory<byte> SecurityDescriptor { get; private init; }

    /// <summary>SMB2_CREATE_EA_BUFFER; null: not sent.</summary>
    public IReadOnlyList<ExtendedAttribute>? Attributes { get; private init; }

    /// <summary>SMB2_CREATE_QUERY_MAXIMAL_ACCESS_REQUEST.</summary>
    public MaximalAccessQuery? MaximalAccess { get; private init; }

    /// <summary>SMB2_CREATE_QUERY_ON_DISK_ID.</summary>
    public bool OnDiskId { get; private init; }

    public LeaseContext? Lease { get; private init; }

    /// <summary>SMB2_CREATE_TIMEWARP_TOKEN (MS-SMB2 3.3.5.9.5): the snapshot to open the file in.</summary>
    public FileTime? AsOf { get; private init; }

    /// <summary>What a client that uses the POSIX extensions asks for.</summary>
    public PosixCreateRequest? Posix { get; private init; }

    /// <summary>The query of a macOS client.</summary>
    public AppleServerQuery? Apple { get; private init; }

    public static NtStatus TryRead(in CreateContextList list, out CreateContexts contexts)
    {
        contexts = default;
        foreach (var context in list)
        {
            switch (context.Name)
            {
                case CreateContextName.AllocationSize:
                    if (!context.TryGetAllocationSize(out var size) || size < 0)
                    {
                        return NtStatus.InvalidParameter;
                    }

                    contexts = contexts with { AllocationSize = size };
                    break;

                case CreateContextName.SecurityDescriptor:
                    contexts = contexts with { SecurityDescriptor = context.Data.ToArray() };
                    break;

                case CreateContextName.QueryMaximalAccess:
                    if (!context.TryGetMaximalAccessQuery(out var query))
                    {
                        return NtStatus.InvalidParameter;
                    }

                    contexts = contexts with { MaximalAccess = query };
                    break;

                case CreateContextName.QueryOnDiskId:
                    contexts = contexts with { OnDiskId = true };
                    break;

                case CreateContextName.ExtendedAttributes:
                    var read = EaFacts.Read(context.Data, out var attributes);
                    if (read != NtStatus.Success)
                    {
                        return read;
                    }

                    contexts = contexts with { Attributes = attributes };
                    break;

                case CreateContextName.TimewarpToken:
                    if (!context.TryGetTimewarpToken(out var time))
                    {
                        return NtStatus.InvalidParameter;
                    }

                    contexts = contexts with { AsOf = time };
                    break;

                case CreateContextName.Posix:
                    if (context.Data.Length < sizeof(uint))
                    {
                        return NtStatus.InvalidParameter;
                    }

                    contexts = contexts with { Posix = new PosixCreateRequest(BinaryPrimitives.ReadUInt32LittleEndian(context.Data)) };
                    break;

                case CreateContextName.Apple:
                    if (AppleServerQuery.TryRead(context.Data, out var apple))
                    {
                        contexts = contexts with { Apple = apple };
                    }

                    break;

                case CreateContextName.RequestLease:
                    if (context.TryGetLease(out var lease))
                    {
                        contexts = contexts with { Lease = lease };
                    }

                    break;
            }
        }

        return NtStatus.Success;
    }
}
