namespace Smb3.Embedded.Nt;

/// <summary>Either a value or the <see cref="NtStatus"/> that says why there is none.</summary>
/// <typeparam name="T">What a success carries.</typeparam>
public readonly struct NtResult<T>
{
    private readonly T _value;

    /// <summary>A success that carries <paramref name="value"/>.</summary>
    public NtResult(T value)
    {
        Status = NtStatus.Success;
        _value = value;
    }

    /// <summary>A failure. <paramref name="status"/> must not be a success, or the value would be missing.</summary>
    public NtResult(NtStatus status)
    {
        Status = status == NtStatus.Success ? NtStatus.InternalError : status;
        _value = default!;
    }

    /// <summary>The outcome.</summary>
    public NtStatus Status { get; }

    /// <summary>Whether <see cref="Value"/> is there.</summary>
    public bool Succeeded => Status == NtStatus.Success;

    /// <summary>The value; only meaningful when <see cref="Succeeded"/>.</summary>
    public T Value => _value;

    /// <summary>A success.</summary>
    public static implicit operator NtResult<T>(T value) => new(value);

    /// <summary>A failure.</summary>
    public static implicit operator NtResult<T>(NtStatus status) => new(status);
}
