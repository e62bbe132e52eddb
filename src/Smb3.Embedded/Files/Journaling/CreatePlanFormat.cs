using Smb3.Embedded.Storage;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Journaling;

/// <summary>A <see cref="CreatePlan"/> as a part of a record (<see cref="OpenRecordFormat"/>).</summary>
internal static class CreatePlanFormat
{
    [Flags]
    private enum Does : uint
    {
        None = 0,
        MakesFile = 1,
        Overwrites = 2,
        MayLeaseDirectories = 4,
        UnixMode = 8,
        All = 0xF,
    }

    public static void Write(ref RecordWriter writer, CreatePlan plan)
    {
        var does = (plan.MakesFile ? Does.MakesFile : Does.None)
            | (plan.Overwrites ? Does.Overwrites : Does.None)
            | (plan.MayLeaseDirectories ? Does.MayLeaseDirectories : Does.None)
            | (plan.UnixMode is not null ? Does.UnixMode : Does.None);
        writer.Number((uint)does);
        writer.Number((uint)plan.Attributes);
        writer.Number((ulong)plan.AllocationSize);
        if (plan.UnixMode is { } mode)
        {
            writer.Number((uint)mode);
        }

        writer.Bytes(plan.SecurityDescriptor.Span);
        writer.Number((uint)plan.ExtendedAttributes.Count);
        foreach (var attribute in plan.ExtendedAttributes)
        {
            writer.Text(attribute.Name);
            writer.Bytes(attribute.Value.Span);
        }
    }

    public static CreatePlan Read(ref RecordReader reader)
    {
        var does = (Does)reader.Number((uint)Does.All);
        return new CreatePlan
        {
            MakesFile = does.HasFlag(Does.MakesFile),
            Overwrites = does.HasFlag(Does.Overwrites),
            MayLeaseDirectories = does.HasFlag(Does.MayLeaseDirectories),
            Attributes = (FileAttributes)reader.Number(uint.MaxValue),
            AllocationSize = (long)reader.Number(long.MaxValue),
            UnixMode = does.HasFlag(Does.UnixMode) ? (UnixFileMode)reader.Number(0xFFF) : null,
            SecurityDescriptor = ReadBytes(ref reader),
            ExtendedAttributes = ReadAttributes(ref reader),
        };
    }

    private static ExtendedAttribute[] ReadAttributes(ref RecordReader reader)
    {
        var attributes = new ExtendedAttribute[reader.Count(2)];
        for (var i = 0; i < attributes.Length; i++)
        {
            attributes[i] = new ExtendedAttribute(reader.Text(), ReadBytes(ref reader));
        }

        return attributes;
    }

    private static byte[] ReadBytes(ref RecordReader reader) => reader.Bytes(reader.Count(1)).ToArray();
}
