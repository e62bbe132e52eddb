using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>
/// Reports the store's own attributes that are not as the store writes them: another program, a broken copy or a broken disk left them so.
/// They are ignored, and the log names each of them once.
/// </summary>
internal sealed class AttributeFaults(ILogger? logger)
{
    private const int MaxRemembered = 1024;

    private readonly Lock _sync = new();
    private readonly HashSet<(string Path, string Attribute)> _told = [];

    /// <summary>Reports that an attribute of an open file is malformed.</summary>
    /// <param name="file">The file.</param>
    /// <param name="attributeWithZero">The attribute's disk name.</param>
    public void Report(FileDescriptor file, ReadOnlySpan<byte> attributeWithZero)
    {
        if (logger is not null)
        {
            Tell(InodeCalls.PathOf(file) ?? string.Empty, attributeWithZero);
        }
    }

    /// <summary>Reports that an attribute of an entry of an open directory is malformed.</summary>
    public void ReportEntry(FileDescriptor directory, ReadOnlySpan<byte> nameWithZero, ReadOnlySpan<byte> attributeWithZero)
    {
        if (logger is not null)
        {
            Tell(Path.Join(InodeCalls.PathOf(directory), Encoding.UTF8.GetString(nameWithZero[..^1])), attributeWithZero);
        }
    }

    private void Tell(string path, ReadOnlySpan<byte> attributeWithZero)
    {
        var attribute = Encoding.UTF8.GetString(attributeWithZero[..^1]);
        lock (_sync)
        {
            if (_told.Count >= MaxRemembered)
            {
                _told.Clear();
            }

            if (!_told.Add((path, attribute)))
            {
                return;
            }
        }

        ServerLog.AttributeIgnored(logger!, Printable(path), Printable(attribute));
    }

    /// <summary>Clients choose names, and a name on disk may contain any character: this keeps it readable and on one line.</summary>
    private static string Printable(string name)
    {
        if (!name.AsSpan().ContainsAnyInRange('\0', '\x1F') && !name.AsSpan().ContainsAnyInRange('\x7F', '\x9F'))
        {
            return name;
        }

        var text = new StringBuilder(name.Length + 8);
        foreach (var c in name)
        {
            if (char.IsControl(c))
            {
                text.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:X2}");
            }
            else
            {
                text.Append(c);
            }
        }

        return text.ToString();
    }
}
