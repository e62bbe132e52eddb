using System.Diagnostics;
using System.Text;

namespace Smb3.Embedded.Winbind;

/// <summary>One running <c>ntlm_auth</c>, which answers one question after the other. Used by one at a time.</summary>
internal sealed class HelperProcess : IDisposable
{
    private const int MaxLines = 32;
    private const int MaxLine = 4096;

    private readonly Process _process;
    private readonly byte[] _buffer = new byte[MaxLine];
    private int _length;

    private HelperProcess(Process process) => _process = process;

    /// <summary>Whether it still runs.</summary>
    public bool IsAlive => !_process.HasExited;

    /// <exception cref="WinbindException">It cannot be started.</exception>
    public static HelperProcess Start(string program)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add("--helper-protocol=ntlm-server-1");
        try
        {
            var process = Process.Start(start)!;
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            return new HelperProcess(process);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            throw new WinbindException($"{program} cannot be started: {e.Message}", e);
        }
    }

    /// <summary>Asks. When it throws, the process is of no more use.</summary>
    public async Task<IReadOnlyList<string>> AskAsync(string request, CancellationToken cancellationToken)
    {
        var input = _process.StandardInput.BaseStream;
        await input.WriteAsync(Encoding.ASCII.GetBytes(request), cancellationToken).ConfigureAwait(false);
        await input.FlushAsync(cancellationToken).ConfigureAwait(false);
        List<string> lines = [];
        while (lines.Count < MaxLines)
        {
            var line = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
            if (line != LogonHelper.End)
            {
                lines.Add(line);
            }
            else if (lines.Count > 0)
            {
                return lines;
            }

            // A refusal ends twice: the second full stop comes before the next answer.
        }

        throw new WinbindException("ntlm_auth says more than anybody can want to know.");
    }

    public void Dispose()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or AggregateException)
        {
            // It has ended.
        }

        _process.Dispose();
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var end = _buffer.AsSpan(0, _length).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Encoding.UTF8.GetString(_buffer, 0, end).TrimEnd('\r');
                _length -= end + 1;
                _buffer.AsSpan(end + 1, _length).CopyTo(_buffer);
                return line;
            }

            var read = _length == _buffer.Length ? 0
                : await _process.StandardOutput.BaseStream.ReadAsync(_buffer.AsMemory(_length), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new WinbindException("ntlm_auth has ended; see whether winbind runs, and whether this user may ask it (group winbindd_priv).");
            }

            _length += read;
        }
    }
}
