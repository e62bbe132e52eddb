namespace Smb3.Embedded.Rpc;

/// <summary>Why a call was not answered: the status of a fault PDU (C706 appendix E, MS-RPCE 2.2.2.8 and MS-ERREF 2.2).</summary>
internal enum RpcStatus : uint
{
    /// <summary>No fault: the stub is the answer.</summary>
    Ok = 0,

    /// <summary>ERROR_ACCESS_DENIED.</summary>
    AccessDenied = 0x00000005,

    /// <summary>RPC_X_BAD_STUB_DATA: the parameters do not unmarshal.</summary>
    BadStubData = 0x000006F7,

    /// <summary>RPC_S_SEC_PKG_ERROR: the signature of a fragment is wrong.</summary>
    SecurityPackageError = 0x00000721,

    /// <summary>nca_s_op_rng_error: no such operation.</summary>
    OperationRangeError = 0x1C010002,

    /// <summary>nca_s_unk_if: no such presentation context.</summary>
    UnknownInterface = 0x1C010003,

    /// <summary>nca_s_proto_error: the PDU is not allowed in this state.</summary>
    ProtocolError = 0x1C01000B,

    /// <summary>nca_s_server_too_busy: too many calls at a time.</summary>
    ServerTooBusy = 0x1C010014,

    /// <summary>nca_s_fault_cancel: the client cancelled the call.</summary>
    Cancelled = 0x1C00000D,

    /// <summary>nca_s_fault_unspec: the server failed.</summary>
    Unspecified = 0x1C000012,

    /// <summary>nca_s_fault_context_mismatch: a context handle that this caller does not hold.</summary>
    ContextMismatch = 0x1C00001A,

    /// <summary>nca_s_fault_remote_no_memory: more than this server accepts.</summary>
    RemoteNoMemory = 0x1C00001B,
}
