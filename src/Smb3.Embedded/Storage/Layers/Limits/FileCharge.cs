using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Storage.Layers.Limits;

/// <summary>
/// What is charged for a file that is open: its data and its named streams. It goes with the last handle, and a deleted file's bytes with it.
/// </summary>
internal sealed class FileCharge(SpaceAccount account, ulong fileId, StringComparer names)
{
    private readonly Lock _sync = new();
    private List<DataCharge>? _streams;
    private Dictionary<string, DataCharge>? _named;
    private long _held;
    private bool _isGone;

    /// <summary>The number of the file.</summary>
    public ulong FileId { get; } = fileId;

    /// <summary>Handles on the file and its streams, as <see cref="FileCharges"/> counts them.</summary>
    public int Handles { get; set; }

    /// <summary>
    /// Held by whoever opens, makes, renames or deletes streams, or adds or removes names of the file, and by the first who asks what its data is
    /// charged with.
    /// </summary>
    public AsyncMutex Names { get; } = new();

    /// <summary>The file's own data.</summary>
    public DataCharge Data { get; } = new();

    /// <summary>Whether it is known what <paramref name="data"/> is charged with.</summary>
    public bool IsKnown(DataCharge data)
    {
        lock (_sync)
        {
            return data.Charged is not null;
        }
    }

    /// <summary>Nobody has changed the data since it was counted with this length. <see cref="Names"/> is held.</summary>
    public void Learn(DataCharge data, long length)
    {
        lock (_sync)
        {
            data.Charged ??= length;
        }
    }

    /// <summary>A handle on a stream has been opened. <see cref="Names"/> is held.</summary>
    public DataCharge OpenStream(string name, int handles = 1)
    {
        lock (_sync)
        {
            _named ??= new Dictionary<string, DataCharge>(names);
            if (!_named.TryGetValue(name, out var stream))
            {
                stream = new DataCharge();
                _named.Add(name, stream);
                (_streams ??= []).Add(stream);
            }

            stream.Handles += handles;
            return stream;
        }
    }

    /// <summary>A handle has been closed.</summary>
    public void Close(DataCharge data)
    {
        lock (_sync)
        {
            if (data == Data || --data.Handles > 0)
            {
                return;
            }

            _streams!.Remove(data);
            if (data.IsGone)
            {
                Add(-(data.Charged ?? 0));
            }
            else if (_named!.FirstOrDefault(pair => pair.Value == data) is { Key: { } name })
            {
                _named!.Remove(name);
            }
        }
    }

    /// <summary>An operation begins that may make the data <paramref name="length"/> bytes long; what that is more is charged.</summary>
    /// <returns>Whether there is room; if not, nothing has begun.</returns>
    public bool TryBegin(DataCharge data, long length)
    {
        lock (_sync)
        {
            var more = length - data.Charged!.Value;
            if (more > 0)
            {
                if (!account.TryTake(more))
                {
                    return false;
                }

                data.Charged += more;
                _held += more;
            }

            data.Begin();
            return true;
        }
    }

    /// <inheritdoc cref="DataCharge.End"/>
    public int? End(DataCharge data, bool mayBeLess)
    {
        lock (_sync)
        {
            return data.End(mayBeLess);
        }
    }

    /// <summary>Gives back what is charged beyond the length that was looked up, unless an operation has begun since.</summary>
    public void Settle(DataCharge data, int version, long length)
    {
        lock (_sync)
        {
            if (data.IsStill(version))
            {
                Add(length - data.Charged!.Value);
                data.Settle(length);
            }
        }
    }

    /// <summary>Whether there is room for data of this length.</summary>
    public bool HasRoom(DataCharge data, long length)
    {
        lock (_sync)
        {
            return length - data.Charged!.Value <= account.Free;
        }
    }

    /// <summary>A stream was deleted, or another has taken its name. <see cref="Names"/> is held.</summary>
    /// <param name="name">The stream.</param>
    /// <param name="length">Its length, for one that is not open.</param>
    public void RemoveStream(string name, long length)
    {
        lock (_sync)
        {
            if (_named is not null && _named.Remove(name, out var open))
            {
                open.Charged ??= length;
                open.IsGone = true;
            }
            else
            {
                Add(-length);
            }
        }
    }

    /// <summary>A stream has another name. <see cref="Names"/> is held.</summary>
    public void RenameStream(string name, string newName)
    {
        lock (_sync)
        {
            if (_named is not null && _named.Remove(name, out var open))
            {
                _named.Add(newName, open);
            }
        }
    }

    /// <summary>A stream's data is the file's own now, which was empty. <see cref="Names"/> is held.</summary>
    /// <param name="name">The stream.</param>
    /// <param name="length">Its length, for one that is not open.</param>
    public void TakeStream(string name, long length)
    {
        lock (_sync)
        {
            if (_named is not null && _named.Remove(name, out var open))
            {
                length = open.Charged ?? length;
                open.Charged = 0;
                open.IsGone = true;
            }

            if (Data.Charged is { } known)
            {
                Data.Charged = known + length;
            }
        }
    }

    /// <summary>The file's data is a stream now, and there is none of its own. <see cref="Names"/> is held.</summary>
    /// <param name="name">The stream.</param>
    /// <param name="handles">Handles on it.</param>
    public DataCharge GiveData(string name, int handles)
    {
        lock (_sync)
        {
            var stream = OpenStream(name, handles);
            if (handles > 0)
            {
                stream.Charged = Data.Charged;
            }
            else
            {
                _named!.Remove(name);
                _streams!.Remove(stream);
            }

            Data.Charged = 0;
            return stream;
        }
    }

    /// <summary>The file has lost its last name. <see cref="Names"/> is held.</summary>
    /// <param name="length">The length of its data.</param>
    /// <param name="streams">The lengths of its streams.</param>
    public void Remove(long length, IReadOnlyList<StoreStreamEntry> streams)
    {
        lock (_sync)
        {
            Data.Charged ??= length;
            _held = Data.Charged.Value;
            foreach (var stream in streams)
            {
                if (_named is not null && _named.TryGetValue(stream.Name, out var open))
                {
                    open.Charged ??= stream.Length;
                }
                else
                {
                    _held += stream.Length;
                }
            }

            _held += _streams?.Sum(static stream => stream.Charged ?? 0) ?? 0;
            _isGone = true;
        }
    }

    /// <summary>The last handle is closed.</summary>
    public void End()
    {
        lock (_sync)
        {
            if (_isGone)
            {
                account.Return(_held);
                _held = 0;
            }
        }
    }

    private void Add(long bytes)
    {
        account.Count(bytes);
        _held += bytes;
    }
}
