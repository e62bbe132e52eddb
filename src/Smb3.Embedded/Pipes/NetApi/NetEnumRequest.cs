using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.NetApi;

/// <summary>
/// The parameters that all enumerations of srvsvc and wkssvc end with: an enum structure {level, union of containers {count, array}},
/// PreferedMaximumLength, and a resume handle (for example MS-SRVS 3.1.4.8).
/// </summary>
internal readonly record struct NetEnumRequest(uint Level, uint PreferredLength, uint? Resume)
{
    /// <summary>
    /// Reads them. For a level that <paramref name="isKnown"/> rejects, the layout is unknown as well, so nothing behind it is read.
    /// </summary>
    public static NetEnumRequest Read(ref NdrReader reader, Func<uint, bool> isKnown)
    {
        var level = reader.ReadUInt32();
        if (reader.ReadUInt32() != level)
        {
            reader.Fail();
        }

        if (reader.Failed || !isKnown(level))
        {
            return new NetEnumRequest(level, 0, null);
        }

        // Clients send an empty container for the server to fill.
        if (reader.ReadPointer() && (reader.ReadUInt32() != 0 | (reader.ReadPointer() && reader.ReadUInt32() != 0)))
        {
            reader.Fail();
        }

        return new NetEnumRequest(level, reader.ReadUInt32(), reader.ReadUniqueUInt32());
    }

    /// <summary>
    /// Answers with as many of <paramref name="items"/> as PreferedMaximumLength has room for, beginning where the resume handle says.
    /// </summary>
    /// <param name="writer">Takes the answer.</param>
    /// <param name="level">The structure; null when the level is unknown.</param>
    /// <param name="items">Everything that there is, in an order that stays the same from one call to the next.</param>
    /// <param name="status">If not success: the reason why there is nothing to list.</param>
    public void Respond<T>(NdrWriter writer, NetInfoLevel<T>? level, IReadOnlyList<T> items, NetApiStatus status = NetApiStatus.Success)
    {
        if (level is null)
        {
            status = NetApiStatus.InvalidLevel;
        }

        var start = status == NetApiStatus.Success ? (int)Math.Min(Resume ?? 0, (uint)items.Count) : items.Count;
        var left = items.Count - start;
        var count = 0;
        for (long room = PreferredLength; count < left; count++)
        {
            room -= PreferredLength == uint.MaxValue ? 0 : level!.Size(items[start + count]);
            if (room < 0)
            {
                break;
            }
        }

        if (status == NetApiStatus.Success && count < left)
        {
            status = count == 0 ? NetApiStatus.BufferTooSmall : NetApiStatus.MoreData;
        }

        writer.WriteUInt32(Level);
        writer.WriteUInt32(Level);
        if (level is not null)
        {
            writer.WritePointer();
            writer.WriteUInt32((uint)count);
            writer.WritePointer(count > 0);
            if (count > 0)
            {
                level.WriteArray(writer, [.. items.Skip(start).Take(count)]);
            }
        }

        writer.WriteUInt32((uint)left);
        writer.WritePointer(Resume is not null);
        if (Resume is not null)
        {
            writer.WriteUInt32(status == NetApiStatus.MoreData ? (uint)(start + count) : 0);
        }

        writer.WriteUInt32((uint)status);
    }
}
