namespace Smb3.Embedded.Files;

/// <summary>
/// The files and streams of a volume that are open, or about to be, by their numbers and names. Safe for concurrent use; its lock is the last one
/// in the order: no other is taken while it is held.
/// </summary>
/// <param name="volume">The volume.</param>
internal sealed class FileTable(Volume volume)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<FileKey, FileObject> _files = [];

    /// <summary>Whether this thread holds its lock.</summary>
    public bool IsHeld => _gate.IsHeldByCurrentThread;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _files.Count;
            }
        }
    }

    /// <summary>All, as of now.</summary>
    public FileObject[] ToArray()
    {
        lock (_gate)
        {
            return [.. _files.Values];
        }
    }

    /// <summary>The file object of an open file.</summary>
    public FileObject? Find(ulong fileId)
    {
        lock (_gate)
        {
            return _files.GetValueOrDefault(new FileKey(fileId));
        }
    }

    /// <summary>The file object, made if necessary, and kept until <see cref="Dereference"/>.</summary>
    public FileObject Reference(ulong fileId, bool isDirectory)
    {
        lock (_gate)
        {
            return ReferenceLocked(fileId, isDirectory);
        }
    }

    /// <summary>The object of a named stream, which in turn keeps that of its file.</summary>
    public FileObject ReferenceStream(ulong fileId, bool isDirectory, string name)
    {
        lock (_gate)
        {
            var key = StreamKey(fileId, name);
            if (_files.TryGetValue(key, out var stream))
            {
                stream.References++;
                return stream;
            }

            var whole = ReferenceLocked(fileId, isDirectory).Common;
            whole.StreamCount++;
            _files.Add(key, stream = new FileObject(volume, key, name, whole) { References = 1 });
            return stream;
        }
    }

    /// <summary>An open stream now has another name, or none by which it can be found.</summary>
    public void MoveStream(FileObject stream, string? name)
    {
        lock (_gate)
        {
            if (_files.GetValueOrDefault(stream.Key) == stream)
            {
                _files.Remove(stream.Key);
            }

            if (name is null)
            {
                return;
            }

            stream.Key = StreamKey(stream.FileId, name);
            _files[stream.Key] = stream;
        }
    }

    /// <summary>
    /// The data of a file becomes the stream <paramref name="name"/>, and the file gets new data, which nobody has open yet. Called with the
    /// file's lock held.
    /// </summary>
    public void NameData(FileObject data, string name)
    {
        lock (_gate)
        {
            var whole = data.Common;
            var made = new FileObject(volume, data.Key, streamName: null, whole);
            _files[data.Key] = made;
            data.References -= whole.StreamCount++;
            made.References = whole.StreamCount;
            data.StreamName = name;
            data.Key = StreamKey(data.FileId, name);
            _files[data.Key] = data;
            whole.Data = made;
        }
    }

    /// <summary>An open stream becomes the data of its file, in place of that which nobody has open. Called with the file's lock held.</summary>
    public void MakeData(FileObject stream)
    {
        lock (_gate)
        {
            var whole = stream.Common;
            var old = whole.Data;
            if (_files.GetValueOrDefault(stream.Key) == stream)
            {
                _files.Remove(stream.Key);
            }

            // A CREATE that has found the old data, and has yet to see that it is no more, lets go of it as of a stream.
            old.References -= whole.StreamCount--;
            if (old.References > 0)
            {
                whole.StreamCount++;
            }

            stream.References += whole.StreamCount;
            stream.StreamName = null;
            stream.Key = old.Key;
            _files[stream.Key] = stream;
            whole.Data = stream;
        }
    }

    /// <summary>The object of an open stream.</summary>
    public FileObject? FindStream(ulong fileId, string name)
    {
        lock (_gate)
        {
            return _files.GetValueOrDefault(StreamKey(fileId, name));
        }
    }

    /// <summary>Undoes one <see cref="Reference"/>; the last one takes the file out of the table.</summary>
    public void Dereference(FileObject file)
    {
        lock (_gate)
        {
            if (--file.References > 0)
            {
                return;
            }

            if (_files.GetValueOrDefault(file.Key) == file)
            {
                _files.Remove(file.Key);
            }

            if (!file.IsStream)
            {
                return;
            }

            file.Common.StreamCount--;
            if (--file.Whole.References == 0)
            {
                _files.Remove(file.Whole.Key);
            }
        }
    }

    private FileObject ReferenceLocked(ulong fileId, bool isDirectory)
    {
        var key = new FileKey(fileId);
        if (!_files.TryGetValue(key, out var file))
        {
            _files.Add(key, file = new FileObject(volume, key, isDirectory));
        }

        file.References++;
        return file;
    }

    private FileKey StreamKey(ulong fileId, string name) =>
        new(fileId, volume.NameComparison == StringComparison.Ordinal ? name : name.ToUpperInvariant());
}
