namespace Smb3.Embedded.Contention.Power;

/// <summary>What a client's folder holds and what the client has open there, after one of its operations.</summary>
/// <param name="Files">By name.</param>
/// <param name="Folders">Their names.</param>
/// <param name="Handles">By create guid.</param>
internal sealed record FolderState(
    IReadOnlyDictionary<string, FileState> Files, IReadOnlySet<string> Folders, IReadOnlyDictionary<Guid, HandleState> Handles)
{
    public static FolderState Empty { get; } =
        new(new Dictionary<string, FileState>(), new HashSet<string>(), new Dictionary<Guid, HandleState>());

    public IEnumerable<string> Names => Files.Keys.Concat(Folders);

    public FolderState With(string name, FileState file) => this with { Files = new Dictionary<string, FileState>(Files) { [name] = file } };

    public FolderState Without(string name)
    {
        var files = new Dictionary<string, FileState>(Files);
        files.Remove(name);
        return this with { Files = files };
    }

    public FolderState With(HandleState handle) =>
        this with { Handles = new Dictionary<Guid, HandleState>(Handles) { [handle.CreateGuid] = handle } };

    public FolderState Without(HandleState handle)
    {
        var handles = new Dictionary<Guid, HandleState>(Handles);
        handles.Remove(handle.CreateGuid);
        return this with { Handles = handles };
    }
}
