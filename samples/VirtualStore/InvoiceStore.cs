using System.Buffers;
using System.Globalization;
using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Samples.VirtualStore;

/// <summary>
/// Invoices as files: <c>2024\0001 Alder &amp; Sons.txt</c>. It is read-only, so the server refuses every change before it comes here, and
/// what would change something needs no body.
/// </summary>
internal sealed class InvoiceStore(IReadOnlyList<Invoice> invoices) : IFileStore
{
    private static readonly FileTime Epoch = FileTime.From(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public StoreTraits Traits { get; } = new() { Abilities = StoreAbilities.ReadOnly };

    public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        if (path.IsRoot)
        {
            return new(new Folder(path, 1, [.. invoices.Select(invoice => invoice.Year).Distinct().Select(YearEntry)]));
        }

        var year = invoices.Where(invoice => path.Text.Split('\\')[0] == YearName(invoice.Year)).ToList();
        if (year.Count == 0)
        {
            return new(path.Parent.IsRoot ? NtStatus.ObjectNameNotFound : NtStatus.ObjectPathNotFound);
        }

        if (path.Parent.IsRoot)
        {
            return new(new Folder(path, YearEntry(year[0].Year).Metadata.FileId, [.. year.Select(FileEntry)]));
        }

        var found = path.Parent.Parent.IsRoot
            ? year.FirstOrDefault(invoice => path.Name.Equals(FileName(invoice), StringComparison.OrdinalIgnoreCase)) : null;
        return new(found is null ? NtStatus.ObjectNameNotFound : new Document(path.Parent.Append(FileName(found)), found));
    }

    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
        new(new VolumeInformation { Label = "Invoices", SerialNumber = 0x1A40_1CE5, CreationTime = Epoch, TotalBytes = 1 << 20 });

    public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) => new(NtStatus.MediaWriteProtected);

    private static string YearName(int year) => year.ToString(CultureInfo.InvariantCulture);

    private static string FileName(Invoice invoice) => $"{invoice.Number:D4} {invoice.Customer}.txt";

    private static byte[] Write(Invoice invoice) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"Invoice {invoice.Year}/{invoice.Number:D4}\r\n{invoice.Customer}\r\nTotal {invoice.Amount:F2}\r\n"));

    private static StoreEntry YearEntry(int year) => new(YearName(year), Describe((ulong)year << 32, FileAttributes.Directory, 0));

    private static StoreEntry FileEntry(Invoice invoice) => new(FileName(invoice), Describe(invoice));

    // The id is the invoice's own, so a client finds the same file again after a restart.
    private static FileMetadata Describe(Invoice invoice) =>
        Describe(((ulong)invoice.Year << 32) | (uint)invoice.Number, FileAttributes.ReadOnly, Write(invoice).Length);

    private static FileMetadata Describe(ulong fileId, FileAttributes attributes, long length) => new()
    {
        FileId = fileId,
        Attributes = attributes,
        Length = length,
        AllocationSize = length,
        CreationTime = Epoch,
        LastAccessTime = Epoch,
        LastWriteTime = Epoch,
        ChangeTime = Epoch,
        LinkCount = 1,
    };

    /// <summary>What a folder and a document have in common: nothing can be changed.</summary>
    private abstract class Entry(StorePath path, FileMetadata metadata) : IStoreFile
    {
        public StorePath Path => path;

        public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) => new(metadata);

        public virtual ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
            new(NtStatus.FileIsADirectory);

        public virtual ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) => new(NtStatus.NotADirectory);

        public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) =>
            new(NtStatus.MediaWriteProtected);

        public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) =>
            new(NtStatus.MediaWriteProtected);

        public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) => new(NtStatus.MediaWriteProtected);

        public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => new(NtStatus.Success);

        public ValueTask DisposeAsync() => default;
    }

    private sealed class Document(StorePath path, Invoice invoice) : Entry(path, Describe(invoice))
    {
        private readonly byte[] _text = Write(invoice);

        public override ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var rest = _text.AsMemory((int)Math.Min(offset, _text.Length));
            var count = Math.Min(rest.Length, buffer.Length);
            rest[..count].CopyTo(buffer);
            return new(count);
        }
    }

    private sealed class Folder(StorePath path, ulong fileId, StoreEntry[] entries)
        : Entry(path, Describe(fileId, FileAttributes.Directory, 0)), IStoreListing
    {
        private int _next;

        public override ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) =>
            new(new Folder(Path, fileId, entries));

        public ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> destination, CancellationToken cancellationToken)
        {
            var count = Math.Min(entries.Length - _next, destination.Length);
            entries.AsMemory(_next, count).CopyTo(destination);
            _next += count;
            return new(count);
        }
    }
}
