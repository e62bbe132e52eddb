using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Tests.Rpc;

/// <summary>
/// An interface made for the runtime's tests. 0: gives back the number that it is given. 1: does so when <see cref="Released"/> says so.
/// 2: throws. 3: opens a handle. 4: closes one. 5: tells who calls. 6: answers with so many bytes. 7: a number and a name.
/// </summary>
internal sealed class ScriptedInterface : IRpcInterface
{
    private int _running;

    public static Guid Uuid { get; } = new("11111111-2222-3333-4444-555555555555");

    public RpcSyntax Syntax { get; init; } = new(Uuid, 1, 0);

    public TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Calls that wait now.</summary>
    public int Waiting => Volatile.Read(ref _running);

    /// <summary>Calls that were cancelled.</summary>
    public int Cancelled { get; private set; }

    public DisposableState? LastState { get; private set; }

    public async ValueTask<RpcStatus> InvokeAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        switch (call.Opnum)
        {
            case 0:
                output.WriteUInt32(call.ReadStub().ReadUInt32());
                return RpcStatus.Ok;
            case 1:
                Interlocked.Increment(ref _running);
                try
                {
                    await Released.Task.WaitAsync(cancellation);
                }
                catch (OperationCanceledException)
                {
                    Cancelled++;
                    throw;
                }
                finally
                {
                    Interlocked.Decrement(ref _running);
                }

                output.WriteUInt32(call.ReadStub().ReadUInt32());
                return RpcStatus.Ok;
            case 2:
                throw new InvalidOperationException("scripted");
            case 3:
                LastState = new DisposableState();
                RpcHandleScope.Write(output, call.Handles.Open(LastState) ?? Guid.Empty);
                return RpcStatus.Ok;
            case 4:
                var reader = call.ReadStub();
                return call.Handles.Close(RpcHandleScope.Read(ref reader)) ? RpcStatus.Ok : RpcStatus.ContextMismatch;
            case 5:
                output.WriteString($"{call.Caller.UserName} {call.AuthLevel}");
                return RpcStatus.Ok;
            case 6:
                output.WriteBytes(new byte[call.ReadStub().ReadUInt32()]);
                return RpcStatus.Ok;
            case 7:
                return Describe(call, output);
            default:
                return RpcStatus.OperationRangeError;
        }
    }

    private static RpcStatus Describe(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var number = reader.ReadUInt16();
        var id = reader.ReadGuid();
        var name = reader.ReadUniqueString();
        var sid = reader.ReadSid();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        output.WriteString($"{number} {id} {name} {sid}");
        return RpcStatus.Ok;
    }

    internal sealed class DisposableState : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
