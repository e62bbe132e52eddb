namespace Smb3.Embedded.Samples.VirtualStore;

/// <summary>What the app knows; nothing of files.</summary>
internal sealed record Invoice(int Number, DateTimeOffset Written, string Customer, decimal Amount);
