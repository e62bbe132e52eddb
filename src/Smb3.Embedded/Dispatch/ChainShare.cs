namespace Smb3.Embedded.Dispatch;

/// <summary>What one chain counts for in the <see cref="FlowControl"/> of its connection.</summary>
internal sealed class ChainShare(FlowControl flow)
{
    private long _input;
    private long _output;
    private long _parked;

    /// <summary>Whether the connection is within its limit.</summary>
    public bool HasRoom => flow.HasRoom;

    /// <summary>A frame has come that takes so many bytes.</summary>
    public void Begin(long input)
    {
        _input = input;
        flow.AddInput(input);
    }

    /// <summary>Sets room aside for an output; false when that must be waited for.</summary>
    public bool TryReserve(long output)
    {
        if (!flow.TryReserve(output))
        {
            return false;
        }

        _output += output;
        return true;
    }

    /// <summary>Does the same once other outputs have left; false when the connection ends first.</summary>
    public async ValueTask<bool> ReserveAsync(long output)
    {
        if (!await flow.ReserveAsync(output).ConfigureAwait(false))
        {
            return false;
        }

        _output += output;
        return true;
    }

    /// <summary>Counts the output that is there, where it is more than was set aside.</summary>
    public void CountOutput(long held)
    {
        if (held > _output)
        {
            flow.AddOutput(held - _output);
            _output = held;
        }
    }

    /// <summary>
    /// Lets the connection be read on while a request takes its time: what that request holds is counted separately, as far as the limit
    /// allows.
    /// </summary>
    public void Park()
    {
        if (flow.TryPark(_input, _output))
        {
            _parked += _input + _output;
            _input = 0;
            _output = 0;
        }
    }

    /// <summary>The output has left the chain: from now on it is counted as what is being sent.</summary>
    public void ReleaseOutput()
    {
        if (_output != 0)
        {
            flow.RemoveOutput(_output);
            _output = 0;
        }
    }

    /// <summary>The chain holds nothing any more.</summary>
    public void End()
    {
        ReleaseOutput();
        if (_parked != 0)
        {
            flow.Unpark(_parked);
            _parked = 0;
        }

        flow.RemoveInput(_input);
        _input = 0;
    }
}
