using Smb3.Embedded.Nt;

namespace Smb3.Embedded.ObjectServices;

/// <summary>
/// What failed requests mean: to the client a status, and, where it is the service and not one object that fails, to the administrator a sentence in
/// the log and in the health check, until a request succeeds.
/// </summary>
internal abstract class RequestFailures
{
    private volatile string? _problem;

    public string? Problem => _problem;

    /// <summary>The outcome of a request as a status; FILE_INVALID where <paramref name="isInvalid"/> says that another version is there.</summary>
    public async ValueTask<NtResult<T>> TryAsync<T>(
        Func<Task<T>> request, CancellationToken cancellationToken, Func<Exception, bool>? isInvalid = null)
    {
        try
        {
            var value = await request().ConfigureAwait(false);
            Clear();
            return value;
        }
        catch (Exception e) when (IsOutcome(e, cancellationToken))
        {
            return isInvalid?.Invoke(e) == true ? NtStatus.FileInvalid : ToStatus(e);
        }
    }

    /// <summary>Whether an exception is the outcome of a request and no fault of the code.</summary>
    protected abstract bool IsOutcome(Exception exception, CancellationToken cancellationToken);

    protected abstract NtStatus ToStatus(Exception exception);

    protected abstract void LogTroubled(string problem);

    protected abstract void LogRecovered();

    /// <summary>Of a request that has no answer.</summary>
    protected NtStatus ToStatusOfNoAnswer(Exception exception)
    {
        var isLate = exception is OperationCanceledException or TimeoutException || exception.InnerException is OperationCanceledException or TimeoutException;
        Report(isLate
            ? "the server does not answer in time."
            : $"the server cannot be reached, or breaks off ({(exception.InnerException ?? exception).Message.TrimEnd('.')}).");
        return isLate ? NtStatus.IoTimeout : NtStatus.IoDeviceError;
    }

    /// <summary>Of an answer that no other rule is for.</summary>
    protected NtStatus ToStatusOfHttp(int status, string? code, string? message)
    {
        switch (status)
        {
            case 404:
                return NtStatus.ObjectNameNotFound;
            case 401 or 403:
                return NtStatus.AccessDenied;
            case 409 or 412:
                return NtStatus.FileInvalid;
            case 413:
                return NtStatus.FileTooLarge;
            case 507:
                return NtStatus.DiskFull;
            case 429 or 503:
                Report("the server is overloaded, or throttles requests.");
                return NtStatus.InsufficientResources;
            default:
                Report($"the server answers with HTTP {status} ({code ?? "no code"}: {message?.TrimEnd('.')}).");
                return NtStatus.IoDeviceError;
        }
    }

    protected void Report(string problem)
    {
        if (Interlocked.Exchange(ref _problem, problem) is null)
        {
            LogTroubled(problem);
        }
    }

    private void Clear()
    {
        if (_problem is not null && Interlocked.Exchange(ref _problem, null) is not null)
        {
            LogRecovered();
        }
    }
}
