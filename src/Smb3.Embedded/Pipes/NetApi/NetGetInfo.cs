using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.NetApi;

/// <summary>The answer of the GetInfo operations: a union of pointers to a structure, and the status.</summary>
internal static class NetGetInfo
{
    /// <summary>Writes it: the structure on success, a null pointer with any other status.</summary>
    /// <param name="writer">Takes the answer.</param>
    /// <param name="number">The level that was asked for.</param>
    /// <param name="level">Its structure; null when the server does not offer it.</param>
    /// <param name="hasArm">
    /// Whether the union has a case for the level. It decides what the client reads, whether or not the level is offered: a pointer, or
    /// nothing (C706 14.3.8).
    /// </param>
    /// <param name="item">What the structure describes.</param>
    /// <param name="status">The status, unless the level is not offered.</param>
    public static void Respond<T>(NdrWriter writer, uint number, NetInfoLevel<T>? level, bool hasArm, T? item, NetApiStatus status)
        where T : class
    {
        writer.WriteUInt32(number);
        if (level is null)
        {
            if (hasArm)
            {
                writer.WriteNull();
            }

            writer.WriteUInt32((uint)NetApiStatus.InvalidLevel);
            return;
        }

        var present = status == NetApiStatus.Success && item is not null;
        writer.WritePointer(present);
        if (present)
        {
            level.Write(writer, item!);
        }

        writer.WriteUInt32((uint)status);
    }
}
