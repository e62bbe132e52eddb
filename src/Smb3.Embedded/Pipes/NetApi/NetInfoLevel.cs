using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.NetApi;

/// <summary>
/// An information level: the members of its structure in order. NDR puts an array's structures first and then, structure by structure, what
/// their pointers point to (C706 14.3.12.3).
/// </summary>
internal sealed class NetInfoLevel<T>(params NetField<T>[] fields)
{
    /// <summary>One structure with its pointees.</summary>
    public void Write(NdrWriter writer, T item)
    {
        WriteInPlace(writer, item);
        WritePointees(writer, item);
    }

    /// <summary>A conformant array of structures.</summary>
    public void WriteArray(NdrWriter writer, IReadOnlyList<T> items)
    {
        writer.WriteUInt32((uint)items.Count);
        foreach (var item in items)
        {
            WriteInPlace(writer, item);
        }

        foreach (var item in items)
        {
            WritePointees(writer, item);
        }
    }

    /// <summary>What one entry counts towards PreferedMaximumLength, in bytes.</summary>
    public long Size(T item) => fields.Sum(field => field.Size(item));

    private void WriteInPlace(NdrWriter writer, T item)
    {
        writer.Align(4);
        foreach (var field in fields)
        {
            field.WriteInPlace(writer, item);
        }
    }

    private void WritePointees(NdrWriter writer, T item)
    {
        foreach (var field in fields)
        {
            field.WritePointee(writer, item);
        }
    }
}
