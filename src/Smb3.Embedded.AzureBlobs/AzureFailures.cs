using Azure;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Nt;
using Smb3.Embedded.ObjectServices;

namespace Smb3.Embedded.AzureBlobs;

/// <summary>What failed requests of Azure's blob service mean, by its error codes.</summary>
internal sealed class AzureFailures(string container, ILogger logger) : RequestFailures
{
    public static bool IsMissing(RequestFailedException answer) =>
        answer is { Status: 404, ErrorCode: not ("ContainerNotFound" or "ContainerBeingDeleted" or "ContainerDisabled") };

    /// <summary>Whether the condition of a write did not hold.</summary>
    public static bool IsConflict(Exception exception) => exception is RequestFailedException
    {
        ErrorCode: "ConditionNotMet" or "BlobAlreadyExists" or "SourceConditionNotMet" or "TargetConditionNotMet",
    }
        or RequestFailedException { Status: 412, ErrorCode: null };

    public static bool IsExpected(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        RequestFailedException or HttpRequestException or IOException or TimeoutException => true,
        AggregateException several => several.InnerExceptions.All(one => IsExpected(one, cancellationToken)),

        // Azure.Identity's, which this package does not know: the host's credential could not log on.
        _ => IsOfCredential(exception),
    };

    protected override bool IsOutcome(Exception exception, CancellationToken cancellationToken) => IsExpected(exception, cancellationToken);

    protected override NtStatus ToStatus(Exception exception)
    {
        // Of several attempts the last one tells most.
        exception = exception is AggregateException several ? several.Flatten().InnerExceptions[^1] : exception;
        if (IsOfCredential(exception))
        {
            Report($"the credential of the host cannot log on ({exception.Message.ReplaceLineEndings(" ").TrimEnd('.')}).");
            return NtStatus.AccessDenied;
        }

        return exception is RequestFailedException { Status: not 0 } answer ? ToStatus(answer) : ToStatusOfNoAnswer(exception);
    }

    protected override void LogTroubled(string problem) => AzureLog.Troubled(logger, container, problem);

    protected override void LogRecovered() => AzureLog.Recovered(logger, container);

    private static bool IsOfCredential(Exception exception) => exception.GetType().Namespace == "Azure.Identity";

    private NtStatus ToStatus(RequestFailedException answer)
    {
        switch (answer.ErrorCode)
        {
            case "ContainerNotFound" or "ContainerBeingDeleted" or "ContainerDisabled":
                Report("there is no such container.");
                return NtStatus.IoDeviceError;
            case "AuthenticationFailed" or "InvalidAuthenticationInfo" or "NoAuthenticationInformation":
                Report($"the server does not accept the key, the signature or the token, or the clocks differ too much ({answer.ErrorCode}).");
                return NtStatus.AccessDenied;
            case "AccountIsDisabled" or "AuthorizationFailure" or "AuthorizationSourceIPMismatch" or "AuthorizationProtocolMismatch" or "KeyBasedAuthenticationNotPermitted":
                Report($"the account does not let this server in: look at its firewall and at how it lets log on ({answer.ErrorCode}).");
                return NtStatus.AccessDenied;
            case "LeaseIdMissing" or "LeaseIdMismatchWithBlobOperation" or "LeaseLost" or "PendingCopyOperation":
                return NtStatus.SharingViolation;
            case "BlobArchived" or "BlobBeingRehydrated":
                return NtStatus.FileNotAvailable;
            case "BlobImmutableDueToPolicy" or "InvalidBlobType" or "SnapshotsPresent":
                return NtStatus.AccessDenied;
            case "RequestBodyTooLarge" or "BlockCountExceedsLimit":
                return NtStatus.FileTooLarge;
            case "InvalidResourceName" or "InvalidUri" or "OutOfRangeInput":
                return NtStatus.ObjectNameInvalid;
            case "ServerBusy" or "OperationTimedOut":
                return ToStatusOfHttp(503, answer.ErrorCode, null);
            default:
                // Its message lists the headers of the answer behind the sentence.
                return ToStatusOfHttp(answer.Status, answer.ErrorCode, answer.Message.Split('\n')[0].Trim());
        }
    }
}
