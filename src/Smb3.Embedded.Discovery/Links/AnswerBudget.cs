namespace Smb3.Embedded.Discovery.Links;

/// <summary>How many datagrams may be sent in answer to others: so many each second, and some at once.</summary>
internal sealed class AnswerBudget(int perSecond, int atOnce)
{
    private double _left = atOnce;
    private TimeSpan _at;

    public bool TryTake(TimeSpan now)
    {
        _left = Math.Min(atOnce, _left + (Math.Max(0, (now - _at).TotalSeconds) * perSecond));
        _at = now;
        if (_left < 1)
        {
            return false;
        }

        _left--;
        return true;
    }
}
