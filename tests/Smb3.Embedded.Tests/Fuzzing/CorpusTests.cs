using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Running;
using Smb3.Embedded.Fuzzing.Targets;
using Xunit;

namespace Smb3.Embedded.Tests.Fuzzing;

/// <summary>What the fuzzer found once, and what it begins with, passes for ever; a case that is written down says the same when it is read.</summary>
public sealed class CorpusTests
{
    private static readonly string Corpus =
        Path.Combine(Repository.Root, "tests", "Smb3.Embedded.Fuzzing", "Corpus");

    public static TheoryData<string> Cases =>
        new(Directory.EnumerateFiles(Path.Combine(Corpus, "cases"), "*.jsonl").Select(path => Path.GetFileName(path)!).Order());

    public static TheoryData<string> Targets => new(FuzzTarget.All.Select(target => target.Name));

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_case_that_failed_once_passes(string name)
    {
        var one = CaseFile.Read(Path.Combine(Corpus, "cases", name));

        Assert.Null(new Minimizer(one.Setting, TimeSpan.Zero).Try(one.Steps)?.Message);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_target_stands_its_corpus_and_every_cut_of_it(string name)
    {
        var target = FuzzTarget.Find(name)!;
        var files = Directory.GetFiles(Path.Combine(Corpus, "targets", name));
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var input = File.ReadAllBytes(file);
            for (var length = 0; length <= input.Length; length++)
            {
                target.Run(input.AsSpan(0, length));
            }
        }
    }

    [Fact]
    public void A_round_that_is_written_down_does_the_same_again()
    {
        var steps = new List<Step>();
        using (var server = new FuzzServer(new Setting()))
        {
            Round.Run(server, 4711, new SuccessTable(), steps);
        }

        var path = Path.GetTempFileName();
        try
        {
            CaseFile.Write(path, new FuzzCase(new Setting { Guests = true }, steps));
            var read = CaseFile.Read(path);
            Assert.True(read.Setting.Guests);
            Assert.Equal(steps.Count, read.Steps.Count);
            var again = Path.GetTempFileName();
            CaseFile.Write(again, read);
            Assert.Equal(File.ReadAllText(path), File.ReadAllText(again));
            File.Delete(again);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
