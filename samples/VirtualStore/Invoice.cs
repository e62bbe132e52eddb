namespace Smb3.Embedded.Samples.VirtualStore;

/// <summary>What the app knows; nothing of files.</summary>
internal sealed record Invoice(int Year, int Number, string Customer, decimal Amount);
