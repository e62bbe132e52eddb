using FsCheck;
using FsCheck.Fluent;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>The lock table does what a plain list of locks does, whatever is asked of it and wherever the ranges lie.</summary>
public class LockModelTests
{
    private const int Owners = 4;
    private const int Limit = 40;

    private enum Act
    {
        LockShared,
        LockExclusive,
        LockTwo,
        Wait,
        Unlock,
        Read,
        Write,
        Release,
    }

    [Fact]
    public async Task The_table_agrees_with_a_plain_list_of_locks()
    {
        var volume = new TestVolume();
        var opens = new List<FileOpen>();
        for (var i = 0; i < Owners; i++)
        {
            opens.Add(await volume.OpenAsync("f"));
        }

        // Offsets that meet often, and those at the end of the 64-bit space, where a sum would overflow.
        var offset = Gen.OneOf(
            Gen.Choose(0, Limit).Select(at => (ulong)at), Gen.Choose(0, Limit).Select(at => ulong.MaxValue - (ulong)at));
        var length = Gen.Frequency(
            (8, Gen.Choose(0, 6).Select(bytes => (ulong)bytes)),
            (1, Gen.Constant(ulong.MaxValue)),
            (1, Gen.Constant(1UL << 63)));
        var range = from at in offset from bytes in length select new ByteRange(at, bytes);
        var step = from act in Gen.Choose(0, (int)Act.Release)
                   from owner in Gen.Choose(0, Owners - 1)
                   from first in range
                   from second in range
                   select new Step((Act)act, owner, first, second);
        Prop.ForAll(step.ListOf().ToArbitrary(), steps => Agrees(steps, opens)).Check(
            Config.QuickThrowOnFailure.WithMaxTest(400).WithEndSize(200));
        foreach (var open in opens)
        {
            await open.CloseAsync();
        }
    }

    private static void Agrees(IEnumerable<Step> steps, List<FileOpen> opens)
    {
        var locks = new ByteRangeLocks(Limit);
        var model = new Model();
        foreach (var (act, owner, range, second) in steps)
        {
            var open = opens[owner];
            switch (act)
            {
                case Act.LockShared or Act.LockExclusive:
                    LockRequest one = new(range, act == Act.LockExclusive);
                    Assert.Equal(model.TryLock(owner, [one], Limit), locks.TryLock(open, [one]));
                    break;
                case Act.LockTwo:
                    LockRequest[] two = [new(range, true), new(second, false)];
                    Assert.Equal(model.TryLock(owner, two, Limit), locks.TryLock(open, two));
                    break;
                case Act.Wait when range.IsValid:
                    LockRequest wanted = new(range, true);
                    model.Wait(owner, wanted, Limit, locks.LockAsync(open, wanted, default, default).AsTask());
                    break;
                case Act.Unlock:
                    var unlocked = locks.Unlock(open, [range]);
                    Assert.Equal(model.Unlock(owner, range), unlocked);
                    break;
                case Act.Read or Act.Write when range.IsValid:
                    Assert.Equal(model.Permits(owner, range, act == Act.Write), locks.Permits(open, range, act == Act.Write));
                    break;
                case Act.Release:
                    locks.Release(open);
                    model.Release(owner);
                    break;
            }

            Assert.Equal(model.Count, locks.Count);
            Assert.Equal(model.WaitingCount, locks.WaitingCount);
        }

        for (var owner = 0; owner < Owners; owner++)
        {
            locks.Release(opens[owner]);
            model.Release(owner);
        }

        Assert.Equal(0, locks.Count);
        Assert.Equal(0, locks.WaitingCount);
    }

    private sealed record Step(Act Act, int Owner, ByteRange First, ByteRange Second);

    /// <summary>A list, walked through for each question; a range is the set of its places: nothing is borrowed from the product.</summary>
    private sealed class Model
    {
        private readonly List<(int Owner, ByteRange Range, bool Exclusive)> _held = [];
        private readonly List<(int Owner, LockRequest Request, Task<NtStatus> Task)> _waiting = [];

        public int Count => _held.Count;

        public int WaitingCount => _waiting.Count;

        public NtStatus TryLock(int owner, LockRequest[] requests, int limit)
        {
            var before = _held.Count;
            foreach (var request in requests)
            {
                var status = Ends(request.Range) ? NtStatus.InvalidLockRange
                    : _held.Count >= limit ? NtStatus.InsufficientResources
                    : !IsFree(owner, request) ? NtStatus.LockNotGranted
                    : NtStatus.Success;
                if (status != NtStatus.Success)
                {
                    _held.RemoveRange(before, _held.Count - before);
                    return status;
                }

                _held.Add((owner, request.Range, request.Exclusive));
            }

            return NtStatus.Success;
        }

        public void Wait(int owner, LockRequest request, int limit, Task<NtStatus> task)
        {
            if (_held.Count + _waiting.Count >= limit)
            {
                Assert.Equal(NtStatus.InsufficientResources, Outcome(task));
            }
            else if (IsFree(owner, request))
            {
                _held.Add((owner, request.Range, request.Exclusive));
                Assert.Equal(NtStatus.Success, Outcome(task));
            }
            else
            {
                Assert.False(task.IsCompleted);
                _waiting.Add((owner, request, task));
            }
        }

        public NtStatus Unlock(int owner, ByteRange range)
        {
            if (Ends(range))
            {
                return NtStatus.InvalidLockRange;
            }

            if (!_held.Remove((owner, range, true)) && !_held.Remove((owner, range, false)))
            {
                return NtStatus.RangeNotLocked;
            }

            Serve();
            return NtStatus.Success;
        }

        public bool Permits(int owner, ByteRange range, bool write) => range.Length == 0
            || !_held.Exists(held => (held.Exclusive ? held.Owner != owner : write) && Meet(held.Range, range));

        public void Release(int owner)
        {
            foreach (var waiting in _waiting.Where(waiting => waiting.Owner == owner))
            {
                Assert.Equal(NtStatus.RangeNotLocked, Outcome(waiting.Task));
            }

            _waiting.RemoveAll(waiting => waiting.Owner == owner);
            _held.RemoveAll(held => held.Owner == owner);
            Serve();
        }

        private static NtStatus Outcome(Task<NtStatus> task)
        {
            Assert.True(task.Wait(TimeSpan.FromSeconds(5)), "A request still waits that nothing stands in the way of.");
            return task.Result;
        }

        private static bool Ends(ByteRange range) => (UInt128)range.Offset + range.Length > (UInt128)ulong.MaxValue + 1;

        private static bool Meet(ByteRange a, ByteRange b)
        {
            // Bytes are the odd places and gaps between them the even ones; what is empty has one gap only, and two of those do not meet.
            if (a.Length == 0 && b.Length == 0)
            {
                return false;
            }

            var (firstA, lastA) = Places(a);
            var (firstB, lastB) = Places(b);
            return firstA <= lastB && firstB <= lastA;
        }

        private static (UInt128 First, UInt128 Last) Places(ByteRange range)
        {
            var first = (UInt128)range.Offset * 2;
            return range.Length == 0 ? (first, first) : (first + 1, first + ((UInt128)range.Length * 2) - 1);
        }

        private bool IsFree(int owner, LockRequest request) => !_held.Exists(
            held => (request.Exclusive || (held.Exclusive && held.Owner != owner)) && Meet(held.Range, request.Range));

        private void Serve()
        {
            foreach (var waiting in _waiting.ToList())
            {
                if (!IsFree(waiting.Owner, waiting.Request))
                {
                    continue;
                }

                _waiting.Remove(waiting);
                _held.Add((waiting.Owner, waiting.Request.Range, waiting.Request.Exclusive));
                Assert.Equal(NtStatus.Success, Outcome(waiting.Task));
            }
        }
    }
}
