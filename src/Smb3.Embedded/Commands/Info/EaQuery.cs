using Smb3.Embedded.Commands.ExtendedAttributes;
using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Info;

namespace Smb3.Embedded.Commands.Info;

/// <summary>QUERY_INFO of FileFullEaInformation (MS-SMB2 3.3.5.20.1, MS-FSA 2.1.5.12.14).</summary>
internal static class EaQuery
{
    private const int Alignment = 4;
    private const int MinimumBufferSize = 8;

    public static ValueTask<NtStatus> AnswerAsync(Request request, FileHandle handle, in QueryInfoRequest query, int length)
    {
        if (length < MinimumBufferSize)
        {
            return new(handle.File.HasAny(FileAccessMask.ReadEa) ? NtStatus.InfoLengthMismatch : NtStatus.AccessDenied);
        }

        List<string>? names = null;
        if (!query.Input.IsEmpty)
        {
            names = EaFacts.ReadNames(query.Input);
            if (names is null)
            {
                return new(NtStatus.EaListInconsistent);
            }

            if (!names.TrueForAll(static name => EaNames.IsValid(name)))
            {
                return new(NtStatus.InvalidEaName);
            }
        }

        return AnswerAsync(request, handle, names, query.Flags, query.AdditionalInformation, length);
    }

    private static async ValueTask<NtStatus> AnswerAsync(
        Request request, FileHandle handle, List<string>? names, QueryInfoFlags flags, uint index, int length)
    {
        var found = await handle.File.GetExtendedAttributesAsync(request.Token).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        var attributes = found.Value;
        var single = (flags & QueryInfoFlags.ReturnSingleEntry) != 0;
        if (names is not null)
        {
            return Write(request, Choose(attributes, names), 0, single, length, out _);
        }

        if (attributes.Count == 0)
        {
            return NtStatus.NoEasOnFile;
        }

        var first = handle.File.NextEa;
        if ((flags & QueryInfoFlags.IndexSpecified) != 0)
        {
            // Counted from one; one beyond the last is the end, and any further is an error.
            if (index == 0 || index > attributes.Count + 1)
            {
                return NtStatus.NonexistentEaEntry;
            }

            first = (int)index - 1;
        }
        else if ((flags & QueryInfoFlags.RestartScan) != 0)
        {
            first = 0;
        }

        if (first >= attributes.Count)
        {
            return NtStatus.NoMoreEas;
        }

        var status = Write(request, attributes, first, single, length, out var count);
        handle.File.NextEa = first + count;
        return status;
    }

    /// <summary>
    /// The attributes of these names; a missing one is answered with an empty value. Both lists come from clients, who may make them as
    /// long as they like: each is walked once.
    /// </summary>
    internal static List<ExtendedAttribute> Choose(IReadOnlyList<ExtendedAttribute> attributes, List<string> names)
    {
        var byName = new Dictionary<string, ExtendedAttribute>(attributes.Count, StringComparer.OrdinalIgnoreCase);
        foreach (var attribute in attributes)
        {
            byName[attribute.Name] = attribute;
        }

        return names.ConvertAll(name => byName.TryGetValue(name, out var found) ? found : new ExtendedAttribute(name, default));
    }

    private static NtStatus Write(
        Request request, IReadOnlyList<ExtendedAttribute> attributes, int first, bool single, int length, out int count)
    {
        var target = InfoOutput.Begin(request, length);
        var list = new EntryListCursor(Alignment);
        var end = single ? Math.Min(first + 1, attributes.Count) : attributes.Count;
        for (var i = first; i < end && EaFacts.TryWrite(ref list, target, attributes[i]); i++)
        {
        }

        count = list.Count;
        return first + count == end ? InfoOutput.End(request, NtStatus.Success, list.Length)
            : count > 0 ? InfoOutput.End(request, NtStatus.BufferOverflow, list.Length)
            : NtStatus.BufferTooSmall;
    }
}
