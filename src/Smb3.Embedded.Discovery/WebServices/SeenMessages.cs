namespace Smb3.Embedded.Discovery.WebServices;

/// <summary>The last messages that were answered: they are sent several times, and come by several interfaces.</summary>
internal sealed class SeenMessages
{
    private const int Most = 256;

    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>Notes a message; false when it was seen before.</summary>
    public bool TryAdd(string id)
    {
        if (!_ids.Add(id))
        {
            return false;
        }

        _order.Enqueue(id);
        if (_order.Count > Most)
        {
            _ids.Remove(_order.Dequeue());
        }

        return true;
    }
}
