using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// IOCTL (MS-SMB2 3.3.5.15): finds the FSCTL in the table; what is not in it is refused with STATUS_INVALID_DEVICE_REQUEST, the answer of a
/// file system that does not know a control code.
/// </summary>
internal sealed class IoctlHandler : ICommandHandler
{
    private readonly Dictionary<FsControlCode, FsControlRule> _rules;

    public IoctlHandler(IEnumerable<FsControlRule> rules) => _rules = rules.ToDictionary(rule => rule.Code);

    public long LargestOutput(Request request) =>
        IoctlRequest.TryParse(request.Message.Span, out var ioctl) ? ioctl.MaxOutputResponse : 0;

    public async ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!IoctlRequest.TryParse(request.Message.Span, out var ioctl))
        {
            return NtStatus.InvalidParameter;
        }

        var code = ioctl.ControlCode;
        var fileId = ioctl.FileId;
        var limit = (uint)request.Connection.Negotiated!.MaxTransactSize;
        if (!ioctl.IsFsctl)
        {
            // MS-SMB2 3.3.5.15: only FSCTLs.
            return NtStatus.NotSupported;
        }

        if (ioctl.MaxInputResponse > limit || ioctl.MaxOutputResponse > limit || ioctl.InputLength > limit
            || !request.HasPaidFor(Math.Max(ioctl.InputLength, (long)ioctl.MaxOutputResponse + ioctl.MaxInputResponse)))
        {
            return NtStatus.InvalidParameter;
        }

        var input = request.Message.Slice(ioctl.InputOffset, ioctl.InputLength);
        var maxOutput = (int)ioctl.MaxOutputResponse;
        var known = _rules.TryGetValue(code, out var rule);

        // An open that is named must exist, even when the control code is unknown.
        Open? open = null;
        if (known ? rule!.Target != FsControlTarget.None : request.IsRelated || !fileId.IsAny)
        {
            var status = request.FindOpen(fileId, out open);
            if (status != NtStatus.Success)
            {
                return status;
            }
        }

        if (known && rule!.Target == FsControlTarget.None && !fileId.IsAny)
        {
            return NtStatus.InvalidParameter; // MS-SMB2 2.2.31: these name no open
        }

        if (!known)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        var call = new FsControlCall(request, open, input, maxOutput);
        var result = rule!.Check(call);
        if (result == NtStatus.Success)
        {
            result = await rule.Control.RunAsync(call).ConfigureAwait(false);

            // An error with output tells what was done before it.
            if (rule.Changes && (!result.IsError() || call.SendsOutputWithError) && await call.File.SettleAsync().ConfigureAwait(false) is var settled && settled != NtStatus.Success)
            {
                return settled;
            }
        }

        if (result.IsError())
        {
            if (!call.SendsOutputWithError)
            {
                return result;
            }

            request.KeepBody();
        }

        var output = call.Output.Span;
        var body = request.Append(IoctlResponse.Size(output.Length));
        IoctlResponse.Write(body, code, fileId, output.Length);
        output.CopyTo(body[IoctlResponse.OutputOffset..]);
        return result;
    }
}
