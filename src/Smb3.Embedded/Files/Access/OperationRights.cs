using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Access;

/// <summary>The rights that an operation needs, on every object that it touches. An operation not listed here needs none.</summary>
internal sealed record OperationRights
{
    private static readonly OperationRights[] Table =
    [
        // MS-FSA 2.1.5.1.1
        new(FileOperation.CreateFile) { Directory = FileAccessMask.AddFile },
        new(FileOperation.CreateDirectory) { Directory = FileAccessMask.AddSubdirectory },

        // MS-FSA 2.1.5.1.2: a new stream changes the data of its file. Overwriting is writing; superseding is deleting as well.
        new(FileOperation.CreateStream) { File = FileAccessMask.WriteData },
        new(FileOperation.Overwrite) { File = FileAccessMask.WriteData },
        new(FileOperation.Supersede) { File = FileAccessMask.Delete | FileAccessMask.WriteData },

        // MS-FSA 2.1.5.15.3
        new(FileOperation.Delete) { Open = FileAccessMask.Delete },

        // MS-FSA 2.1.5.15.11: the name leaves one directory and enters the other, and a file that had the new name is deleted.
        new(FileOperation.RenameFile)
        {
            Open = FileAccessMask.Delete, Directory = FileAccessMask.AddFile, Replaced = FileAccessMask.Delete,
        },
        new(FileOperation.RenameDirectory) { Open = FileAccessMask.Delete, Directory = FileAccessMask.AddSubdirectory },

        // MS-FSA 2.1.5.15.11.1: needs the rights to make a new stream of that name. Only an empty one is replaced.
        new(FileOperation.RenameStream) { Open = FileAccessMask.Delete, File = FileAccessMask.WriteData },

        // MS-FSA 2.1.5.15.6: any handle will do, since rights belong to the file and not to its names. cifs.ko has only READ_ATTRIBUTES.
        new(FileOperation.Link) { Directory = FileAccessMask.AddFile, Replaced = FileAccessMask.Delete },

        // MS-SMB2 3.3.5.15.6, MS-FSA 2.1.5.10.4, 2.1.5.10.20, 2.1.5.10.21. The data behind a token was read when it was made.
        new(FileOperation.CopyRange)
        {
            Open = FileAccessMask.WriteData | FileAccessMask.AppendData, Source = FileAccessMask.ReadData | FileAccessMask.Execute,
        },
        new(FileOperation.CloneRange) { Open = FileAccessMask.WriteData, Source = FileAccessMask.ReadData },
        new(FileOperation.OffloadRead) { Open = FileAccessMask.ReadData },
        new(FileOperation.OffloadWrite) { Open = FileAccessMask.WriteData },
    ];

    private OperationRights(FileOperation operation) => Operation = operation;

    /// <summary>The operation.</summary>
    public FileOperation Operation { get; }

    /// <summary>The handle that it runs on must have been granted at least one of these.</summary>
    public FileAccessMask Open { get; private init; }

    /// <summary>A second handle, from which data comes, must have been granted at least one of these.</summary>
    public FileAccessMask Source { get; private init; }

    /// <summary>The file must grant all of these now, whatever a handle was granted.</summary>
    public FileAccessMask File { get; private init; }

    /// <summary>The directory in which a name appears must grant all of these.</summary>
    public FileAccessMask Directory { get; private init; }

    /// <summary>
    /// A file whose name is taken away must grant all of these. Its directory can grant DELETE too, through DELETE_CHILD
    /// (MS-FSA 2.1.5.1.2.1).
    /// </summary>
    public FileAccessMask Replaced { get; private init; }

    /// <summary>All lines.</summary>
    public static IReadOnlyList<OperationRights> All => Table;

    /// <summary>The line of an operation.</summary>
    public static OperationRights Of(FileOperation operation) => Table[(int)operation];

    /// <summary>The line of a CREATE that overwrites an existing file.</summary>
    public static OperationRights OfOverwrite(CreateDisposition disposition) =>
        Of(disposition == CreateDisposition.Supersede ? FileOperation.Supersede : FileOperation.Overwrite);

    /// <summary>The line of a CREATE that makes something new.</summary>
    public static OperationRights OfNew(bool isDirectory) => Of(isDirectory ? FileOperation.CreateDirectory : FileOperation.CreateFile);

    /// <summary>The line of a rename.</summary>
    public static OperationRights OfRename(bool isDirectory) => Of(isDirectory ? FileOperation.RenameDirectory : FileOperation.RenameFile);
}
