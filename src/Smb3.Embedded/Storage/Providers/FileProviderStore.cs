using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.FileProviders;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Providers;

/// <summary>
/// Serves any <see cref="IFileProvider"/>, read-only: the files of a web app, embedded resources, a composite of both. Names that a Windows
/// client cannot have are left out. File ids come from paths, times from <see cref="IFileInfo.LastModified"/>.
/// </summary>
public sealed class FileProviderStore : ReadOnlyFileStore
{
    private static readonly SearchValues<char> Forbidden = SearchValues.Create("\"*/:<>?|\\\0");

    private readonly IFileProvider _provider;
    private readonly string _label;

    /// <summary>Serves <paramref name="provider"/>.</summary>
    /// <param name="provider">Where the files come from.</param>
    /// <param name="label">The volume's label, at most 32 UTF-16 units.</param>
    public FileProviderStore(IFileProvider provider, string label = "Files")
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(label);
        if (label.Length > 32)
        {
            throw new ArgumentException("A label has at most 32 characters.", nameof(label));
        }

        _provider = provider;
        _label = label;
    }

    /// <inheritdoc/>
    public override ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
        new(new VolumeInformation { Label = _label, SerialNumber = 0x46505230 });

    /// <inheritdoc/>
    protected internal override ValueTask<ReadOnlyEntry?> FindAsync(StorePath path, CancellationToken cancellationToken)
    {
        if (path.IsRoot)
        {
            return new(ReadOnlyEntry.Directory(string.Empty));
        }

        return new(Resolve(path, out var actual) is { } info ? ToEntry(info, actual.Name.ToString()) : null);
    }

    /// <inheritdoc/>
    protected internal override async IAsyncEnumerable<ReadOnlyEntry> ListAsync(
        StorePath directory, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var info in _provider.GetDirectoryContents(ToSubpath(directory)))
        {
            if (info.Exists && IsServed(info.Name))
            {
                yield return ToEntry(info, LastCharacters.Map(info.Name));
            }
        }
    }

    /// <inheritdoc/>
    protected internal override ValueTask<Stream> OpenReadAsync(StorePath path, CancellationToken cancellationToken) =>
        Resolve(path, out _) is { IsDirectory: false } info
            ? new(info.CreateReadStream())
            : throw new FileNotFoundException("The file has gone.");

    private static bool IsServed(string name) =>
        name.Length is > 0 and <= 255 && name is not ("." or "..") && !name.AsSpan().ContainsAny(Forbidden) && !name.Any(char.IsControl);

    // A provider may not know the length of what it makes on the fly (-1).
    private static ReadOnlyEntry ToEntry(IFileInfo info, string name) => info.IsDirectory
        ? ReadOnlyEntry.Directory(name, info.LastModified)
        : ReadOnlyEntry.File(name, info.Length >= 0 ? info.Length : Measure(info), info.LastModified);

    private static long Measure(IFileInfo info)
    {
        using var stream = info.CreateReadStream();
        if (stream.CanSeek)
        {
            return stream.Length;
        }

        var buffer = new byte[64 * 1024];
        long length = 0;
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            length += read;
        }

        return length;
    }

    private static string ToSubpath(StorePath path) => LastCharacters.UnmapAll(path.Text).Replace('\\', '/');

    /// <summary>As it is written first, which is one question to the provider; else name by name in any case.</summary>
    private IFileInfo? Resolve(StorePath path, out StorePath actual)
    {
        actual = path;
        var info = _provider.GetFileInfo(ToSubpath(path));
        if (info is { Exists: true, IsDirectory: false } && info.Name.AsSpan().SequenceEqual(path.Name))
        {
            return info;
        }

        IFileInfo? found = null;
        actual = StorePath.Root;
        foreach (var range in path.Names)
        {
            if (found is { IsDirectory: false })
            {
                return null;
            }

            found = FindIn(actual, path.Text.AsSpan(range));
            if (found is null)
            {
                return null;
            }

            actual = actual.Append(LastCharacters.Map(found.Name));
        }

        return found;
    }

    private IFileInfo? FindIn(StorePath directory, ReadOnlySpan<char> name)
    {
        IFileInfo? other = null;
        foreach (var info in _provider.GetDirectoryContents(ToSubpath(directory)))
        {
            if (!info.Exists || !IsServed(info.Name))
            {
                continue;
            }

            var shown = LastCharacters.Map(info.Name);
            if (name.SequenceEqual(shown))
            {
                return info;
            }

            if (other is null && name.Equals(shown, StringComparison.OrdinalIgnoreCase))
            {
                other = info;
            }
        }

        return other;
    }
}
