using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>
/// Where extended attributes are read from: an open file by its descriptor, which is the fastest, an entry of an open directory, or
/// the file that a path leads to.
/// </summary>
internal readonly unsafe ref struct AttributeSource
{
    private readonly FileDescriptor? _file;
    private readonly byte* _path;
    private readonly bool _follow;

    /// <summary>By descriptor; one that turns out to be a place only is marked as such, and yields nothing.</summary>
    public AttributeSource(FileDescriptor file) => _file = file;

    /// <summary>A directory entry by its name; a symbolic link is not followed (<see cref="Native.HasAttributesAt"/>).</summary>
    public AttributeSource(FileDescriptor directory, byte* name)
    {
        _file = directory;
        _path = name;
    }

    public AttributeSource(byte* path, bool follow)
    {
        _path = path;
        _follow = follow;
    }

    /// <summary>Reads all names, each with its terminating zero; returns their length, or a negative number.</summary>
    public nint List(byte* names, nint size) =>
        _file is { } file && _path != null ? Native.ListAttributesAt(file, _path, names, size)
        : _file is { } open ? Known(open, Native.ListAttributesOf(open, names, size))
        : _follow ? Native.ListAttributes(_path, names, size)
        : Native.ListAttributesNoFollow(_path, names, size);

    /// <summary>Reads a value; returns its length, or a negative number.</summary>
    public nint Get(byte* name, byte* value, nint size) =>
        _file is { } file && _path != null ? Native.GetAttributeAt(file, _path, name, value, size)
        : _file is { } open ? Known(open, Native.GetAttributeOf(open, name, value, size))
        : _follow ? Native.GetAttribute(_path, name, value, size)
        : Native.GetAttributeNoFollow(_path, name, value, size);

    private static nint Known(FileDescriptor file, nint result)
    {
        if (result < 0 && Native.LastError == Errno.BadDescriptor)
        {
            file.IsPlace = true;
        }

        return result;
    }
}
