namespace Smb3.Embedded.Fuzzing.Running;

/// <summary>
/// What belonged to rounds that are over: connections, sessions, volumes. The pools of the runtime make the size of the heap a rough
/// measure; an object that has ended and is still there is a leak, however small.
/// </summary>
internal sealed class EndedObjects
{
    /// <summary>What the last rounds may still have on some stack, or in an object that is used again.</summary>
    private const int Allowed = 24;

    private readonly List<(string Kind, WeakReference Object)> _known = [];

    public void Note(string kind, object one) => _known.Add((kind, new WeakReference(one)));

    /// <summary>Right after a collection: what is held that should be gone, if anything.</summary>
    public string? Look()
    {
        _known.RemoveAll(one => !one.Object.IsAlive);
        var most = _known.GroupBy(one => one.Kind).MaxBy(group => group.Count());
        return most is not null && most.Count() > Allowed ? $"{most.Count()} {most.Key} of rounds that are over are still held" : null;
    }
}
