using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Samples.VirtualStore;

/// <summary>Invoices as files, in a folder for each year: <c>2024\0001 Alder &amp; Sons.txt</c>.</summary>
internal sealed class InvoiceStore(IReadOnlyList<Invoice> invoices) : ReadOnlyFileStore
{
    protected override ValueTask<ReadOnlyEntry?> FindAsync(StorePath path, CancellationToken cancellationToken) => new(
        path.IsRoot ? ReadOnlyEntry.Directory(string.Empty)
        : path.Parent.IsRoot ? invoices.FirstOrDefault(invoice => YearOf(invoice) == path.Text) is { } first ? FolderOf(first) : null
        : invoices.FirstOrDefault(invoice => IsAt(invoice, path)) is { } found ? FileOf(found) : null);

    protected override async IAsyncEnumerable<ReadOnlyEntry> ListAsync(
        StorePath directory, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask; // An app with a database would ask it here.
        var entries = directory.IsRoot
            ? invoices.DistinctBy(YearOf).Select(FolderOf)
            : invoices.Where(invoice => YearOf(invoice) == directory.Text).Select(FileOf);
        foreach (var entry in entries)
        {
            yield return entry;
        }
    }

    protected override ValueTask<Stream> OpenReadAsync(StorePath path, CancellationToken cancellationToken) =>
        new(new MemoryStream(Write(invoices.First(invoice => IsAt(invoice, path)))));

    private static string YearOf(Invoice invoice) => invoice.Written.Year.ToString(CultureInfo.InvariantCulture);

    private static string NameOf(Invoice invoice) => $"{invoice.Number:D4} {invoice.Customer}.txt";

    // A client may write names in any case.
    private static bool IsAt(Invoice invoice, StorePath path) =>
        path.Text.Equals($@"{YearOf(invoice)}\{NameOf(invoice)}", StringComparison.OrdinalIgnoreCase);

    private static ReadOnlyEntry FolderOf(Invoice invoice) => ReadOnlyEntry.Directory(YearOf(invoice), invoice.Written);

    private static ReadOnlyEntry FileOf(Invoice invoice) => ReadOnlyEntry.File(NameOf(invoice), Write(invoice).Length, invoice.Written);

    private static byte[] Write(Invoice invoice) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"Invoice {invoice.Number:D4} of {invoice.Written:yyyy-MM-dd}\r\n{invoice.Customer}\r\nTotal {invoice.Amount:F2}\r\n"));
}
