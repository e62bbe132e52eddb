using System.Threading.Channels;

namespace Smb3.Embedded.Ldap;

/// <summary>
/// The connections to the directory. OpenLDAP's library blocks, for as long as it takes to connect even without regard to time-outs; so each
/// connection has a thread of its own, and a directory that hangs holds these threads and none of the process's pool.
/// </summary>
internal sealed class LdapWorkers : IDisposable
{
    private const int MaxWaiting = 256;

    private readonly Channel<Work> _queue = Channel.CreateBounded<Work>(MaxWaiting);
    private readonly IReadOnlyList<LdapServer> _servers;
    private readonly LdapOptions _options;

    public LdapWorkers(IReadOnlyList<LdapServer> servers, LdapOptions options)
    {
        (_servers, _options) = (servers, options);
        for (var i = 0; i < options.MaxConnections; i++)
        {
            new Thread(Run) { IsBackground = true, Name = "LDAP" }.Start();
        }
    }

    /// <summary>Asks the directory on one of the connections.</summary>
    /// <exception cref="LdapAccountException">It cannot be asked.</exception>
    public async Task<T?> AskAsync<T>(Func<ISchema, T?> question, CancellationToken cancellationToken)
        where T : class
    {
        var work = new Work(schema => question(schema), cancellationToken);
        return _queue.Writer.TryWrite(work)
            ? (T?)await work.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false)
            : throw new LdapAccountException("The connections to the directory are busy, or closed.");
    }

    /// <summary>Lets what is running end, and closes the connections.</summary>
    public void Dispose() => _queue.Writer.TryComplete();

    private void Run()
    {
        LdapSession? session = null;
        ISchema? schema = null;
        try
        {
            // The thread is there to wait.
            while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (_queue.Reader.TryRead(out var work))
                {
                    Do(work, ref session, ref schema);
                }
            }
        }
        finally
        {
            session?.Dispose();
        }
    }

    private void Do(Work work, ref LdapSession? session, ref ISchema? schema)
    {
        if (work.CancellationToken.IsCancellationRequested)
        {
            work.Answer.TrySetCanceled(work.CancellationToken);
            return;
        }

        // A connection that was there before may have been closed by the server meanwhile: once more with a new one.
        var wasThere = session is not null;
        while (true)
        {
            try
            {
                if (schema is null)
                {
                    session = Open();
                    schema = session.IsActiveDirectory ? new ActiveDirectorySchema(session, _options) : new PosixSchema(session, _options);
                }

                work.Answer.TrySetResult(work.Question(schema));
                return;
            }
            catch (Exception e)
            {
                session?.Dispose();
                (session, schema) = (null, null);
                if (!wasThere)
                {
                    work.Answer.TrySetException(e as LdapAccountException ?? new LdapAccountException(e.Message, e));
                    return;
                }

                wasThere = false;
            }
        }
    }

    private LdapSession Open()
    {
        List<string> problems = [];
        foreach (var server in _servers)
        {
            try
            {
                return LdapSession.Open(server, _options);
            }
            catch (Exception e)
            {
                problems.Add($"{server}: {e.Message}");
            }
        }

        throw new LdapAccountException(string.Join("; ", problems));
    }

    private sealed record Work(Func<ISchema, object?> Question, CancellationToken CancellationToken)
    {
        public TaskCompletionSource<object?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
