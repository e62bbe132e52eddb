namespace Smb3.Embedded.Files.Caching;

/// <summary>The part of a <see cref="CacheGrant"/> that outlives the process.</summary>
/// <param name="State">What the client caches; while a break is pending, what it cached before.</param>
/// <param name="Epoch">The epoch of the lease.</param>
/// <param name="BreakingTo">What the client was asked to keep, by a break that it has not answered; <see langword="null"/>: none is pending.</param>
/// <param name="BreakingFor">What it is to keep in the end.</param>
internal readonly record struct KeptCaching(CacheState State, ushort Epoch, CacheState? BreakingTo, CacheState BreakingFor);
