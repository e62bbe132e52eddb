namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>Where a file system keeps the data of an open file (FS_IOC_FIEMAP).</summary>
internal static unsafe class ExtentCalls
{
    /// <summary>Finds the extent that an offset is in, and some of those behind it; what was written has its place on the disk then.</summary>
    public static Errno Find(FileDescriptor file, long offset, out List<StoreExtent> extents)
    {
        extents = [];
        while (true)
        {
            var map = new ExtentMap
            {
                Start = (ulong)offset, Length = ulong.MaxValue - (ulong)offset, Flags = ExtentMap.Sync, Count = ExtentMap.MaxExtents,
            };
            if (Native.GetExtents(file, Native.GetExtentsRequest, &map) != 0)
            {
                return Native.LastError;
            }

            for (var i = 0; i < map.Mapped; i++)
            {
                var raw = new ReadOnlySpan<byte>(map.Raw + (i * ExtentMap.ExtentSize), ExtentMap.ExtentSize);
                var flags = BitConverter.ToUInt32(raw[ExtentMap.FlagsAt..]);
                var extent = new StoreExtent(
                    BitConverter.ToInt64(raw),
                    BitConverter.ToInt64(raw[ExtentMap.LengthAt..]),
                    (flags & ExtentMap.IsUnplaced) != 0 ? -1 : BitConverter.ToInt64(raw[ExtentMap.PlaceAt..]));
                offset = Math.Max(offset, extent.End);
                if ((flags & ExtentMap.IsResident) == 0)
                {
                    extents.Add(extent);
                }
            }

            // What is kept with the inode is passed over.
            if (map.Mapped == 0 || extents.Count > 0)
            {
                return 0;
            }
        }
    }
}
