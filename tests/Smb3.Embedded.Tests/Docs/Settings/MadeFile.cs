using Xunit;

namespace Smb3.Embedded.Tests.Docs.Settings;

/// <summary>A file that is kept with the code, and made from it when somebody asks for that.</summary>
internal static class MadeFile
{
    /// <summary>Fails when a file is not as it would be made now, or writes it with <c>SMB3_WRITE_SETTINGS=1</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="make">Makes it, out of what it is.</param>
    public static void Check(string path, Func<string, string> make)
    {
        var text = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : string.Empty;
        var made = make(text);
        if (Environment.GetEnvironmentVariable("SMB3_WRITE_SETTINGS") is "1" or "true")
        {
            File.WriteAllText(path, made);
            text = made;
        }

        Assert.True(
            text == made,
            $"{Path.GetFileName(path)} is not as the code is; run the test with SMB3_WRITE_SETTINGS=1 and look at what has changed:\n"
                + string.Join('\n', made.Split('\n').Except(text.Split('\n'))));
    }
}
