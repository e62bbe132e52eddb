using Smb3.Embedded.Nt;
using Smb3.Embedded.State;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Tests.Docs;

#pragma warning disable CS0649, CA1051 // fields as on the pages, that nothing sets: nothing of it is run

/// <content>What the members stand in that docs/stores.md and docs/state-stores.md show: a store in rows, and its handles.</content>
internal abstract partial class Stage
{
    protected internal Row _row = null!;
    protected internal Rows _rows = null!;
    protected internal Dictionary<StorePath, Row> _names = null!;
    protected internal Dictionary<DateTimeOffset, IFileStore> _backups = null!;
    protected internal Dictionary<Sid, long> _used = null!;
    protected internal Dictionary<Sid, QuotaLimits> _limits = null!;
    protected internal QuotaSettings _settings;
    protected internal FileTime _changed;
    protected internal Feed _feed = null!;
    protected internal Bucket _bucket = null!;
    protected internal Guid _openedId;
    protected internal string _name = null!;
    protected internal Database _database = null!;

    internal abstract class Rows : Dictionary<StorePath, Row>
    {
        public abstract bool AnyBelow(StorePath path);
    }

    internal abstract class Row
    {
        public bool IsLocked, IsNew;
        public StorePath Path;
        public byte[]? Descriptor, Reparse, ObjectId;
        public uint ReparseTag;
        public UnixFileMode Mode;
        public FileAttributes Attributes;
        public FileTime CreationTime;
        public Dictionary<string, byte[]> Streams = null!, ExtendedAttributes = null!;
        public Blocks Blocks = null!;

        public abstract void Pack(bool compressed);
    }

    internal abstract class Blocks
    {
        public abstract NtStatus Drop(long offset, long length);

        public abstract StoreRange NextFrom(long offset);

        public abstract NtStatus Copy(Blocks source, long from, long to, long length);

        public abstract NtStatus Share(Blocks source, long from, long to, long length);
    }

    internal abstract class Feed
    {
        public abstract IDisposable Subscribe(Action<Row> changed);
    }

    internal abstract class Bucket
    {
        public abstract Guid Id { get; }

        public abstract bool Exists();
    }

    internal abstract class Database
    {
        public abstract ValueTask<Connection> OpenConnectionAsync();
    }

    internal abstract class Connection : IAsyncDisposable
    {
        public abstract ValueTask<Transaction> BeginTransactionAsync();

        public abstract ValueTask<long> ScalarAsync(string sql, string scope);

        public abstract Task PutAsync(string scope, string key, ReadOnlyMemory<byte> value);

        public abstract Task RemoveAsync(string scope, string key);

        public abstract ValueTask DisposeAsync();
    }

    internal abstract class Transaction : IAsyncDisposable
    {
        public abstract Task CommitAsync();

        public abstract ValueTask DisposeAsync();
    }
}
