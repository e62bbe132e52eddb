using System.Runtime.CompilerServices;
using Smb3.Embedded.Fuzzing.Running;
using Xunit;

namespace Smb3.Embedded.Tests.Fuzzing;

/// <summary>The fuzzer's measure of what is left behind tells what is held from what is gone.</summary>
public sealed class EndedObjectsTests
{
    [Fact]
    public void Objects_that_somebody_holds_are_told_and_others_are_not()
    {
        var ended = new EndedObjects();
        var held = new List<object>();
        Note(ended, held);
        GC.Collect();

        Assert.Equal("30 connections of rounds that are over are still held", ended.Look());

        held.Clear();
        GC.Collect();
        Assert.Null(ended.Look());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Note(EndedObjects ended, List<object> held)
    {
        for (var i = 0; i < 30; i++)
        {
            held.Add(new object());
            ended.Note("connections", held[^1]);
            ended.Note("sessions", new object());
        }
    }
}
