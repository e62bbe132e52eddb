namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FILE_OBJECTID_BUFFER, type 1 (MS-FSCC 2.1.3.1): ObjectId (16), BirthVolumeId (16), BirthObjectId (16), DomainId (16, zero).
/// </summary>
internal readonly record struct ObjectIdBuffer(Guid ObjectId, Guid BirthVolumeId, Guid BirthObjectId)
{
    public const int Size = 64;

    /// <summary>Everything but the id, which FSCTL_SET_OBJECT_ID_EXTENDED sets.</summary>
    public const int ExtendedSize = 48;

    public void Write(Span<byte> output)
    {
        output[..Size].Clear();
        output.Put(0, ObjectId);
        output.Put(16, BirthVolumeId);
        output.Put(32, BirthObjectId);
    }
}
