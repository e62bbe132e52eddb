namespace Smb3.Embedded.Pipes.NetApi;

/// <summary>NET_API_STATUS: the Win32 (MS-ERREF 2.2) and LAN Manager errors that srvsvc and wkssvc return.</summary>
internal enum NetApiStatus : uint
{
    Success = 0,
    AccessDenied = 5,
    NotSupported = 50,
    InvalidParameter = 87,
    InvalidName = 123,
    InvalidLevel = 124,
    MoreData = 234,
    BufferTooSmall = 2123,
    UserNotFound = 2221,
    NetNameNotFound = 2310,
    DeviceNotShared = 2311,
    ClientNameNotFound = 2312,
    FileIdNotFound = 2314,
}
