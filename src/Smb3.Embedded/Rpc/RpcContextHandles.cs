using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Rpc;

/// <summary>The context handles (ndr_context_handle of C706 appendix N) of one association group.</summary>
internal sealed class RpcContextHandles
{
    /// <summary>The most handles that a group may hold open.</summary>
    internal const int MaxHandles = 256;

    /// <summary>The wire form: attributes (4 bytes, zero) and a UUID.</summary>
    internal const int WireLength = 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, object> _handles = [];

    /// <summary>Opens a handle to <paramref name="state"/>; null when the group holds too many.</summary>
    public Guid? Open(object state)
    {
        lock (_lock)
        {
            if (_handles.Count >= MaxHandles)
            {
                return null;
            }

            var id = Guid.NewGuid();
            _handles.Add(id, state);
            return id;
        }
    }

    /// <summary>The state behind a handle; null when there is none of this type.</summary>
    public T? Find<T>(Guid id)
        where T : class
    {
        lock (_lock)
        {
            return _handles.GetValueOrDefault(id) as T;
        }
    }

    /// <summary>Closes a handle; false when there is none.</summary>
    public bool Close(Guid id)
    {
        lock (_lock)
        {
            return _handles.Remove(id);
        }
    }

    /// <summary>Reads a handle's wire form.</summary>
    public static Guid Read(ref NdrReader reader)
    {
        if (reader.ReadUInt32() != 0)
        {
            reader.Fail();
        }

        return reader.ReadGuid();
    }

    /// <summary>Writes a handle's wire form; the empty UUID is the null handle.</summary>
    public static void Write(NdrWriter writer, Guid id)
    {
        writer.WriteUInt32(0);
        writer.WriteGuid(id);
    }
}
