using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Access;

/// <summary>What the bits of an access mask ask for (MS-SMB2 2.2.13.1, MS-DTYP 2.4.3).</summary>
internal static class AccessRules
{
    /// <summary>The rights that change something; none of them remains on a volume that cannot be written.</summary>
    public const FileAccessMask Changing = FileAccessMask.WriteData | FileAccessMask.AppendData | FileAccessMask.WriteEa
        | FileAccessMask.WriteAttributes | FileAccessMask.DeleteChild | FileAccessMask.Delete | FileAccessMask.WriteDac
        | FileAccessMask.WriteOwner;

    /// <summary>The rights that no caller has on a file with FILE_ATTRIBUTE_READONLY (MS-FSA 2.1.5.1.2.1).</summary>
    public const FileAccessMask WithheldByReadOnly = FileAccessMask.WriteData | FileAccessMask.AppendData | FileAccessMask.DeleteChild;

    /// <summary>The rights for which a file must be open for writing.</summary>
    public const FileAccessMask Writing = FileAccessMask.WriteData | FileAccessMask.AppendData;

    /// <summary>The rights for which a file must be open for reading.</summary>
    public const FileAccessMask Reading = FileAccessMask.ReadData | FileAccessMask.Execute;

    private const FileAccessMask Generic =
        FileAccessMask.GenericAll | FileAccessMask.GenericExecute | FileAccessMask.GenericWrite | FileAccessMask.GenericRead;

    private const FileAccessMask Known =
        FileAccessMask.FileAllAccess | FileAccessMask.AccessSystemSecurity | FileAccessMask.MaximumAllowed | Generic;

    /// <summary>Maps the generic rights to those that they stand for on files.</summary>
    public static FileAccessMask MapGeneric(FileAccessMask access)
    {
        if ((access & Generic) == 0)
        {
            return access;
        }

        var mapped = access & ~Generic;
        if ((access & FileAccessMask.GenericRead) != 0)
        {
            mapped |= FileAccessMask.FileGenericRead;
        }

        if ((access & FileAccessMask.GenericWrite) != 0)
        {
            mapped |= FileAccessMask.FileGenericWrite;
        }

        if ((access & FileAccessMask.GenericExecute) != 0)
        {
            mapped |= FileAccessMask.FileGenericExecute;
        }

        if ((access & FileAccessMask.GenericAll) != 0)
        {
            mapped |= FileAccessMask.FileAllAccess;
        }

        return mapped;
    }

    /// <summary>Whether an open can ask for this: only defined bits, and at least one.</summary>
    public static bool IsAskable(FileAccessMask access) =>
        (access & ~Known) == 0 && access != 0;
}
