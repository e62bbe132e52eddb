using System.Buffers.Binary;

namespace Smb3.Embedded.Contention.Power;

/// <summary>What was written to a disk, and when it was flushed. A position is a place between two entries.</summary>
internal sealed class WriteLog
{
    private const int HeaderSize = 13;
    private const int Page = 4096;

    private readonly byte[] _bytes;
    private readonly List<Entry> _entries = [];

    public WriteLog(string file)
    {
        _bytes = File.ReadAllBytes(file);
        for (var at = 0; at < _bytes.Length;)
        {
            var header = _bytes.AsSpan(at, HeaderSize);
            var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(header[9..]);
            _entries.Add(new Entry(
                header[0] == (byte)'F', (long)BinaryPrimitives.ReadUInt64LittleEndian(header[1..]), at + HeaderSize, length));
            at += HeaderSize + length;
        }
    }

    private readonly record struct Entry(bool IsFlush, long Offset, int Start, int Length)
    {
        public int End => Start + Length;
    }

    /// <summary>The ends of all flushes from a position on.</summary>
    public long[] Flushes(long from) => [.. _entries.Where(entry => entry.IsFlush && entry.End >= from).Select(static entry => (long)entry.End)];

    /// <summary>The ends of all entries from a position on.</summary>
    public long[] Ends(long from) => [.. _entries.Where(entry => entry.End >= from).Select(static entry => (long)entry.End)];

    /// <summary>
    /// Puts a disk into the state in which a loss of power leaves it: everything up to the last flush before it is there; of what was written
    /// after that, each page may be there or not.
    /// </summary>
    /// <returns>How many pages were lost.</returns>
    public int Apply(FileStream disk, long position, Random random)
    {
        var past = _entries.FindAll(entry => entry.End <= position);
        var safe = past.FindLastIndex(static entry => entry.IsFlush) + 1;
        var chance = random.Next(5) switch { 0 => 0, 1 or 2 => 1, _ => random.NextDouble() };
        var lost = 0;
        for (var i = 0; i < past.Count; i++)
        {
            for (var done = 0; done < past[i].Length; done += Page)
            {
                if (i >= safe && random.NextDouble() < chance)
                {
                    lost++;
                    continue;
                }

                disk.Position = past[i].Offset + done;
                disk.Write(_bytes, past[i].Start + done, Math.Min(Page, past[i].Length - done));
            }
        }

        return lost;
    }
}
