using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Nt;
using Smb3.Embedded.ObjectServices;

namespace Smb3.Embedded.S3;

/// <summary>What failed requests of S3 mean.</summary>
internal sealed class S3Failures(string bucket, ILogger logger) : RequestFailures
{
    /// <summary>Whether an exception is the outcome of a request and no fault of the code.</summary>
    public static bool IsExpected(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        AmazonServiceException or AmazonClientException or HttpRequestException or IOException or TimeoutException => true,
        _ => false,
    };

    public static bool IsMissing(Exception exception) =>
        exception is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" };

    /// <summary>Whether the condition of a write did not hold, or another write of the object was under way (AWS answers 409 then).</summary>
    public static bool IsConflict(Exception exception) => exception is AmazonS3Exception
    {
        StatusCode: HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict,
    };

    protected override bool IsOutcome(Exception exception, CancellationToken cancellationToken) => IsExpected(exception, cancellationToken);

    protected override NtStatus ToStatus(Exception exception) =>
        exception is AmazonServiceException { StatusCode: not 0 } answer ? ToStatus(answer) : ToStatusOfNoAnswer(exception);

    protected override void LogTroubled(string problem) => S3Log.Troubled(logger, bucket, problem);

    protected override void LogRecovered() => S3Log.Recovered(logger, bucket);

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

        return ToStatusOfHttp((int)answer.StatusCode, answer.ErrorCode, answer.Message);
    }
}
