namespace Smb3.Embedded.Samples.MultiChannel;

/// <summary>How the demo cuts a link and mends it.</summary>
internal abstract class Links
{
    /// <summary>Whoever reads the client's output does it: the script.</summary>
    public static Links ByHand { get; } = new Nobody();

    public abstract Task CutAsync();

    public abstract Task MendAsync();

    private sealed class Nobody : Links
    {
        public override Task CutAsync() => Task.CompletedTask;

        public override Task MendAsync() => Task.CompletedTask;
    }
}
