using Smb3.Embedded.Dfs;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Compression;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Dfs;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Info;
using Smb3.Embedded.Wire.Ioctl;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>The structures inside requests, each read to its end.</summary>
internal static class StructureTarget
{
    public static void Headers(ReadOnlySpan<byte> input)
    {
        if (Smb2TransformHeader.TryParse(input, out var transform))
        {
            _ = transform.AssociatedData.Length + transform.Nonce.Length + transform.Signature.Length;
        }

        if (CompressionTransformHeader.TryParse(input, out var compressed))
        {
            if (!compressed.IsChained)
            {
                _ = input.Slice(CompressionTransformHeader.Size, (int)compressed.Offset).Length;
                return;
            }

            var rest = input[CompressionTransformHeader.ChainedSize..];
            while (CompressionPayloadHeader.TryParse(rest, out var payload, out rest))
            {
                _ = payload.Algorithm == Smb2CompressionAlgorithm.PatternV1 ? payload.Pattern.GetHashCode() : payload.Payload.Length;
            }
        }
    }

    public static void CreateContexts(ReadOnlySpan<byte> input)
    {
        if (CreateContextList.TryParse(input, out var list))
        {
            foreach (var context in list)
            {
                ReadContext(context);
            }
        }
    }

    public static void ReadContext(CreateContext context)
    {
        _ = context.TryGetLease(out _) | context.TryGetDurableHandleRequestV2(out _) | context.TryGetDurableHandleReconnectV2(out _)
            | context.TryGetAppInstanceId(out _) | context.TryGetAppInstanceVersion(out _) | AppleServerQuery.TryRead(context.Data, out _);
        switch (context.Name)
        {
            case CreateContextName.SecurityDescriptor:
                Descriptors(context.Data);
                break;
            case CreateContextName.ExtendedAttributes:
                Buffers(context.Data);
                break;
        }
    }

    public static void NegotiateContexts(ReadOnlySpan<byte> input)
    {
        if (input.Length == 0 || !NegotiateContextList.TryParse(input[1..], input[0], out var list))
        {
            return;
        }

        foreach (var context in list)
        {
            _ = context.Data.Length + (int)context.Type;
        }
    }

    /// <summary>What IOCTL, QUERY_INFO and SET_INFO carry: every structure that may be there, as no byte says which one it is.</summary>
    public static void Buffers(ReadOnlySpan<byte> input)
    {
        ReadLists(input);
        if (CopyChunkRequest.TryParse(input, out var copy))
        {
            for (var i = 0; i < copy.ChunkCount; i++)
            {
                _ = copy[i];
            }
        }

        if (FileLevelTrim.TryParse(input, out var trim))
        {
            for (var i = 0; i < trim.RangeCount; i++)
            {
                _ = trim[i];
            }
        }

        if (ValidateNegotiateInfo.TryParse(input, out var validate))
        {
            for (var i = 0; i < validate.DialectCount; i++)
            {
                _ = validate.Dialect(i);
            }
        }

        if (PipeWaitRequest.TryParse(input, out var wait))
        {
            _ = wait.GetName();
        }

        foreach (var extended in (ReadOnlySpan<bool>)[false, true])
        {
            if ((extended ? DfsReferralRequest.TryParseExtended(input, out var referral) : DfsReferralRequest.TryParse(input, out referral))
                && DfsPath.TryParse(referral.GetPath(), out var path))
            {
                _ = path.Share.Length + path.Rest.Length + path.BytesOf(path.Rest.Length) + path.Prefix(path.Rest.Length).Length;
            }
        }

        if (ReparseDataBuffer.TryParse(input, out var reparse))
        {
            _ = reparse.TryGetSymlink(out _, out _, out _);
        }

        foreach (var extended in (ReadOnlySpan<bool>)[false, true])
        {
            if (RenameInformation.TryParse(input, extended, out var rename))
            {
                _ = rename.GetName();
            }
        }

        _ = OffloadRead.TryParse(input, out _) | OffloadWrite.TryParse(input, out _) | DuplicateExtents.TryParse(input, out _)
            | DuplicateExtents.TryParseEx(input, out _) | ZeroData.TryParse(input, out _) | FileRange.TryParse(input, out _)
            | BasicInformation.TryParse(input, out _) | ResiliencyRequest.TryParse(input, out _)
            | FsControlInformation.TryRead(input, out _) | SetInformation.TryReadSize(input, out _);
    }

    /// <summary>A descriptor that was read is the same when it is written and read again.</summary>
    public static void Descriptors(ReadOnlySpan<byte> input)
    {
        _ = Sid.TryRead(input, out _);
        if (SecurityDescriptor.Read(input, out var descriptor) != NtStatus.Success)
        {
            return;
        }

        var written = descriptor!.ToArray();
        if (SecurityDescriptor.Read(written, out var again) != NtStatus.Success || !again!.ToArray().AsSpan().SequenceEqual(written))
        {
            throw new InvalidOperationException("A descriptor that was read does not come back.");
        }
    }

    private static void ReadLists(ReadOnlySpan<byte> input)
    {
        if (FullEaList.TryParse(input, out var attributes, out _))
        {
            foreach (var attribute in attributes)
            {
                _ = attribute.Name.Length + attribute.Value.Length;
            }
        }

        if (GetEaList.TryParse(input, out var wanted))
        {
            foreach (var name in wanted)
            {
                _ = name.Length;
            }
        }

        _ = QuotaInformation.TryReadList(input, out _) | QuotaSidList.TryRead(input, out _);
        if (QueryQuotaInfo.TryParse(input, out var quota))
        {
            _ = QuotaSidList.TryRead(quota.SidList, out _) | Sid.TryRead(quota.StartSid, out _);
        }
    }
}
