using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.TestClient.Wire;

/// <summary>What the FSCTLs carry from the client (MS-SMB2 2.2.31, MS-FSCC 2.3).</summary>
internal static class FsctlInput
{
    public static byte[] ValidateNegotiate(
        Smb2Capabilities capabilities, Guid clientGuid, Smb2SecurityMode securityMode, params ReadOnlySpan<Smb2Dialect> dialects)
    {
        var input = new byte[24 + (dialects.Length * sizeof(ushort))];
        input.AsSpan().Put(0, (uint)capabilities);
        input.AsSpan().Put(4, clientGuid);
        input.AsSpan().Put(20, (ushort)securityMode);
        input.AsSpan().Put(22, (ushort)dialects.Length);
        for (var i = 0; i < dialects.Length; i++)
        {
            input.AsSpan().Put(24 + (i * sizeof(ushort)), (ushort)dialects[i]);
        }

        return input;
    }

    public static byte[] CopyChunks(ReadOnlySpan<byte> sourceKey, params ReadOnlySpan<CopyChunk> chunks)
    {
        var input = new byte[32 + (chunks.Length * CopyChunk.Size)];
        sourceKey.CopyTo(input);
        input.AsSpan().Put(24, (uint)chunks.Length);
        for (var i = 0; i < chunks.Length; i++)
        {
            var chunk = input.AsSpan(32 + (i * CopyChunk.Size));
            chunk.Put(0, chunks[i].SourceOffset);
            chunk.Put(8, chunks[i].TargetOffset);
            chunk.Put(16, chunks[i].Length);
        }

        return input;
    }

    public static byte[] PipeWait(string name, long? timeout)
    {
        var input = new byte[14 + (name.Length * sizeof(char))];
        input.AsSpan().Put(0, timeout ?? 0);
        input.AsSpan().Put(8, (uint)(name.Length * sizeof(char)));
        input[12] = (byte)(timeout is null ? 0 : 1);
        input.AsSpan().PutUtf16(14, name);
        return input;
    }

    /// <summary>FSCTL_DFS_GET_REFERRALS.</summary>
    public static byte[] Referrals(string path, ushort maxLevel = 4)
    {
        var input = new byte[2 + ((path.Length + 1) * sizeof(char))];
        input.AsSpan().Put(0, maxLevel);
        input.AsSpan().PutUtf16(2, path);
        return input;
    }

    /// <summary>FSCTL_DFS_GET_REFERRALS_EX, with the client's site where it knows one.</summary>
    public static byte[] ReferralsEx(string path, ushort maxLevel = 4, string? site = null)
    {
        var size = 2 + (path.Length * sizeof(char)) + (site is null ? 0 : 2 + (site.Length * sizeof(char)));
        var input = new byte[8 + size];
        input.AsSpan().Put(0, maxLevel);
        input.AsSpan().Put(2, (ushort)(site is null ? 0 : 1));
        input.AsSpan().Put(4, (uint)size);
        input.AsSpan().Put(8, (ushort)(path.Length * sizeof(char)));
        var at = 10 + input.AsSpan().PutUtf16(10, path);
        if (site is not null)
        {
            input.AsSpan().Put(at, (ushort)(site.Length * sizeof(char)));
            input.AsSpan().PutUtf16(at + 2, site);
        }

        return input;
    }

    /// <summary>FSCTL_SET_ZERO_DATA and FSCTL_QUERY_ALLOCATED_RANGES: two numbers.</summary>
    public static byte[] Range(long first, long second)
    {
        var input = new byte[FileRange.Size];
        new FileRange(first, second).Write(input);
        return input;
    }

    public static byte[] OffloadRead(ulong offset, ulong length, uint timeToLive = 0)
    {
        var input = new byte[32];
        input.AsSpan().Put(0, (uint)input.Length);
        input.AsSpan().Put(8, timeToLive);
        input.AsSpan().Put(16, offset);
        input.AsSpan().Put(24, length);
        return input;
    }

    public static byte[] OffloadWrite(ReadOnlySpan<byte> token, ulong offset, ulong length, ulong transferOffset = 0)
    {
        var input = new byte[32 + 512];
        input.AsSpan().Put(0, (uint)input.Length);
        input.AsSpan().Put(8, offset);
        input.AsSpan().Put(16, length);
        input.AsSpan().Put(24, transferOffset);
        token.CopyTo(input.AsSpan(32));
        return input;
    }

    public static byte[] DuplicateExtents(Smb2FileId source, long sourceOffset, long targetOffset, long count)
    {
        var input = new byte[40];
        source.Write(input, 0);
        input.AsSpan().Put(16, sourceOffset);
        input.AsSpan().Put(24, targetOffset);
        input.AsSpan().Put(32, count);
        return input;
    }
}
