namespace Smb3.Embedded.Storage.Layers.Limits;

/// <summary>
/// What is charged for the data of a file, or of one of its streams, that is open: never less than the length that the data has, whatever runs on
/// it, and just that when nothing does. All members are used under the lock of the <see cref="FileCharge"/>.
/// </summary>
internal sealed class DataCharge
{
    private int _version;
    private bool _mayBeLess;

    /// <summary>Bytes; <see langword="null"/>: what was counted for the data, which nobody has asked for yet.</summary>
    public long? Charged { get; set; }

    /// <summary>Handles on it.</summary>
    public int Handles { get; set; }

    /// <summary>Whether it was deleted: it goes with its last handle.</summary>
    public bool IsGone { get; set; }

    /// <summary>Operations under way that may change the length.</summary>
    public int Running { get; private set; }

    /// <summary>An operation begins.</summary>
    public void Begin()
    {
        Running++;
        _version++;
    }

    /// <summary>An operation has ended.</summary>
    /// <param name="mayBeLess">Whether the data may be shorter than what is charged.</param>
    /// <returns>A number for <see cref="IsStill"/>, when the length has to be looked up; <see langword="null"/>: all is as it should be.</returns>
    public int? End(bool mayBeLess)
    {
        Running--;
        _mayBeLess |= mayBeLess;
        return _mayBeLess && Running == 0 ? _version : null;
    }

    /// <summary>Whether nothing has begun since, so that the length which was looked up is the length.</summary>
    public bool IsStill(int version) => Running == 0 && _version == version;

    /// <summary>The charge is the length.</summary>
    public void Settle(long length)
    {
        Charged = length;
        _mayBeLess = false;
    }
}
