using Smb3.Embedded.State;

namespace Smb3.Embedded.PostgreSql;

/// <summary>A batch as the database takes it: each key once, in pieces that fit into a message.</summary>
internal sealed class Batch
{
    /// <summary>Bytes from which on another piece begins; a message has 1 GiB at most, and the largest value 16 MiB.</summary>
    public const long MaxPieceBytes = 256 << 20;

    private Batch(List<Piece> pieces, long size)
    {
        Pieces = pieces;
        Size = size;
    }

    public IReadOnlyList<Piece> Pieces { get; }

    public long Size { get; }

    public static Batch Of(IReadOnlyList<StateChange> changes, long maxPieceBytes)
    {
        HashSet<string>? seen = changes.Count > 1 ? new(changes.Count, StringComparer.Ordinal) : null;
        var pieces = new List<Piece>();
        var piece = new Piece();
        long size = 0, all = 0;
        for (var i = changes.Count - 1; i >= 0; i--)
        {
            var (key, value) = changes[i];
            if (seen is not null && !seen.Add(key))
            {
                continue; // of several changes of one key the last counts
            }

            if (size > maxPieceBytes)
            {
                pieces.Add(piece);
                piece = new Piece();
                all += size;
                size = 0;
            }

            piece.Add(key, value);
            size += key.Length + (value?.Length ?? 0);
        }

        pieces.Add(piece);
        return new Batch(pieces, all + size);
    }

    /// <summary>The pieces, none of which has both records to put and records to remove.</summary>
    public IReadOnlyList<Piece> Apart() => [.. Pieces.SelectMany(static piece => piece.Apart())];

    /// <summary>A part of a batch.</summary>
    internal sealed class Piece
    {
        public List<byte[]> Gone { get; private init; } = [];

        public List<byte[]> Keys { get; private init; } = [];

        public List<byte[]> Values { get; private init; } = [];

        /// <summary>The same in one or two.</summary>
        public IEnumerable<Piece> Apart() => Gone.Count == 0 || Keys.Count == 0
            ? [this] : [new Piece { Gone = Gone }, new Piece { Keys = Keys, Values = Values }];

        public void Add(string key, ReadOnlyMemory<byte>? value)
        {
            if (value is { } content)
            {
                Keys.Add(Holder.Bytes(key));
                Values.Add(content.ToArray()); // the server may be slow, and the caller's buffers are used again when a call was given up
            }
            else
            {
                Gone.Add(Holder.Bytes(key));
            }
        }
    }
}
