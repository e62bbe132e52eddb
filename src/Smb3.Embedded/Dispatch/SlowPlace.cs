namespace Smb3.Embedded.Dispatch;

/// <summary>A request's place among the slow ones of its connection; it belongs to <see cref="SlowRequests"/>.</summary>
internal sealed class SlowPlace
{
    public long Since { get; set; }

    public bool IsListed { get; set; }

    public Request? Previous { get; set; }

    public Request? Next { get; set; }
}
