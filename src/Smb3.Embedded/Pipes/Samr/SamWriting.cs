using Smb3.Embedded.Nt;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.Samr;

/// <summary>What several structures of MS-SAMR are made of.</summary>
internal static class SamWriting
{
    /// <summary>"Never", as a time to come.</summary>
    public const long Never = long.MaxValue;

    /// <summary>SE_GROUP_MANDATORY, SE_GROUP_ENABLED_BY_DEFAULT and SE_GROUP_ENABLED (MS-SAMR 2.2.1.10).</summary>
    public const uint GroupAttributes = 7;

    /// <summary>OLD_LARGE_INTEGER (MS-SAMR 2.2.2.2): two numbers, aligned like them.</summary>
    public static void WriteOldLarge(this NdrWriter output, long value)
    {
        output.WriteUInt32((uint)value);
        output.WriteUInt32((uint)(value >> 32));
    }

    /// <summary>LARGE_INTEGER, which is aligned as one number.</summary>
    public static void WriteLarge(this NdrWriter output, long value)
    {
        output.Align(8);
        output.WriteOldLarge(value);
    }

    /// <summary>RPC_UNICODE_STRINGs, first those parts that stand in a structure.</summary>
    public static void WriteUnicodeStrings(this NdrWriter output, params ReadOnlySpan<string> values)
    {
        foreach (var value in values)
        {
            output.WriteUnicodeString(value);
        }
    }

    /// <summary>Their buffers, which follow the structure.</summary>
    public static void WriteUnicodeStringBuffers(this NdrWriter output, params ReadOnlySpan<string> values)
    {
        foreach (var value in values)
        {
            output.WriteUnicodeStringBuffer(value);
        }
    }

    /// <summary>SAMPR_ULONG_ARRAY (MS-SAMR 2.2.7.4): count, pointer to a conformant array.</summary>
    public static void WriteNumbers(this NdrWriter output, IReadOnlyCollection<uint> values)
    {
        output.WriteUInt32((uint)values.Count);
        output.WritePointer(values.Count > 0);
        output.WriteNumberArray(values);
    }

    /// <summary>A conformant array; nothing when there is nothing in it.</summary>
    public static void WriteNumberArray(this NdrWriter output, IReadOnlyCollection<uint> values)
    {
        if (values.Count == 0)
        {
            return;
        }

        output.WriteUInt32((uint)values.Count);
        foreach (var value in values)
        {
            output.WriteUInt32(value);
        }
    }

    /// <summary>A pointer to a SID, which follows; null for none.</summary>
    public static void WriteSidPointer(this NdrWriter output, Sid? sid)
    {
        output.WritePointer(sid is not null);
        if (sid is not null)
        {
            output.WriteSid(sid);
        }
    }
}
