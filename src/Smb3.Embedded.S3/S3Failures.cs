using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.S3;

/// <summary>
/// What failed requests mean: to the client a status, and, where it is the bucket and not one object that fails, to the administrator a sentence in
/// the log and in the health check, until a request succeeds.
/// </summary>
internal sealed class S3Failures(string bucket, ILogger logger)
{
    private volatile string? _problem;

    public string? Problem => _problem;

    /// <summary>A request succeeded.</summary>
    public void Clear()
    {
        if (_problem is not null && Interlocked.Exchange(ref _problem, null) is not null)
        {
            S3Log.Recovered(logger, bucket);
        }
    }

    /// <summary>Whether an exception is the outcome of a request and no fault of the code.</summary>
    public static bool IsExpected(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        AmazonServiceException or AmazonClientException or HttpRequestException or IOException or TimeoutException => true,
        _ => false,
    };

    public NtStatus ToStatus(Exception exception)
    {
        if (exception is AmazonServiceException { StatusCode: not 0 } answer)
        {
            return ToStatus(answer);
        }

        var isLate = exception is OperationCanceledException or TimeoutException || exception.InnerException is OperationCanceledException or TimeoutException;
        Report(isLate
            ? "the server does not answer in time."
            : $"the server cannot be reached, or breaks off ({(exception.InnerException ?? exception).Message.TrimEnd('.')}).");
        return isLate ? NtStatus.IoTimeout : NtStatus.IoDeviceError;
    }

    public static bool IsMissing(Exception exception) =>
        exception is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" };

    /// <summary>Whether the condition of a write did not hold, or another write of the object was under way (AWS answers 409 then).</summary>
    public static bool IsConflict(Exception exception) => exception is AmazonS3Exception
    {
        StatusCode: HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict,
    };

    private NtStatus ToStatus(AmazonServiceException answer)
    {
        switch (answer.ErrorCode)
        {
            case "NoSuchBucket":
                Report("there is no such bucket.");
                return NtStatus.IoDeviceError;
            case "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "ExpiredToken" or "InvalidToken" or "AuthFailure":
                Report($"the server does not accept the access key ({answer.ErrorCode}).");
                return NtStatus.AccessDenied;
            case "RequestTimeTooSkewed":
                Report("the clocks of this machine and of the server differ too much.");
                return NtStatus.AccessDenied;
            case "PermanentRedirect" or "AuthorizationHeaderMalformed" or "IllegalLocationConstraintException":
                Report($"the region or the endpoint is wrong ({answer.Message.TrimEnd('.')}).");
                return NtStatus.IoDeviceError;
            case "QuotaExceeded" or "ServiceQuotaExceeded" or "XMinioStorageFull":
                return NtStatus.DiskFull;
            case "EntityTooLarge":
                return NtStatus.FileTooLarge;
            case "KeyTooLongError":
                return NtStatus.ObjectNameInvalid;
            case "InvalidObjectState": // an archive (Glacier), from which it has to be fetched back first
                return NtStatus.FileNotAvailable;
        }

        switch (answer.StatusCode)
        {
            case HttpStatusCode.NotFound:
                return NtStatus.ObjectNameNotFound;
            case HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized:
                return NtStatus.AccessDenied;
            case HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict:
                return NtStatus.FileInvalid;
            case HttpStatusCode.InsufficientStorage:
                return NtStatus.DiskFull;
            case HttpStatusCode.RequestEntityTooLarge:
                return NtStatus.FileTooLarge;
            case HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable:
                Report("the server is overloaded, or throttles requests.");
                return NtStatus.InsufficientResources;
            default:
                Report($"the server answers with HTTP {(int)answer.StatusCode} ({answer.ErrorCode ?? "no code"}: {answer.Message?.TrimEnd('.')}).");
                return NtStatus.IoDeviceError;
        }
    }

    private void Report(string problem)
    {
        if (Interlocked.Exchange(ref _problem, problem) is null)
        {
            S3Log.Troubled(logger, bucket, problem);
        }
    }
}
