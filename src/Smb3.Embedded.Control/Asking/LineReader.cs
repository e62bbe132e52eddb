using System.Text;

namespace Smb3.Embedded.Control.Asking;

/// <summary>Reads lines, none longer than it may be.</summary>
internal sealed class LineReader(Stream source, int longest)
{
    private byte[] _read = new byte[4096];
    private int _start;
    private int _end;

    /// <summary>The next line; null at the end, and for what is left there without one.</summary>
    /// <exception cref="ControlException">It is too long.</exception>
    public async ValueTask<string?> ReadAsync(CancellationToken cancellationToken)
    {
        for (var looked = 0; ;)
        {
            if (_read.AsSpan(_start + looked, _end - _start - looked).IndexOf((byte)'\n') is >= 0 and var length)
            {
                var line = Encoding.UTF8.GetString(_read, _start, looked + length);
                _start += looked + length + 1;
                return line;
            }

            looked = _end - _start;
            if (looked > longest)
            {
                throw new ControlException($"The server answers with a line of more than {longest} bytes.");
            }

            _read.AsSpan(_start, looked).CopyTo(_read);
            (_start, _end) = (0, looked);
            if (_end == _read.Length)
            {
                Array.Resize(ref _read, _read.Length * 2);
            }

            var more = await source.ReadAsync(_read.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (more == 0)
            {
                return null;
            }

            _end += more;
        }
    }
}
