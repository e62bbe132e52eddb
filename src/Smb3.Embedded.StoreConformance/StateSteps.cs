using Smb3.Embedded.State;

namespace Smb3.Embedded.StoreConformance;

/// <summary>The steps that the tests of a state store are made of.</summary>
internal static class StateSteps
{
    public static StateChange Put(string key, params byte[] value) => StateChange.Put(key, value);

    public static StateChange Remove(string key) => StateChange.Remove(key);

    public static ValueTask<long> AcquireAsync(this IStateStore store, string scope) => store.AcquireAsync(scope, CancellationToken.None);

    public static ValueTask<IReadOnlyList<StateRecord>> ReadAsync(this IStateStore store, string scope) =>
        store.ReadAsync(scope, CancellationToken.None);

    public static ValueTask CommitAsync(this IStateStore store, string scope, long token, params IReadOnlyList<StateChange> changes) =>
        store.CommitAsync(scope, token, changes, CancellationToken.None);

    /// <summary>The records as a text, by key: <c>a=01 b=</c>.</summary>
    public static async Task<string> TellAsync(this IStateStore store, string scope) =>
        string.Join(' ', from record in await store.ReadAsync(scope)
                         orderby record.Key
                         select $"{record.Key}={Convert.ToHexString(record.Value.Span)}");
}
