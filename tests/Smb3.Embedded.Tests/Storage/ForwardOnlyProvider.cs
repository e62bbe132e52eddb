using System.Collections;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>A provider whose files cannot seek and do not know how long they are, as one that makes or unpacks them on the fly.</summary>
internal sealed class ForwardOnlyProvider(IFileProvider inner) : IFileProvider
{
    public IDirectoryContents GetDirectoryContents(string subpath) => new Contents(inner.GetDirectoryContents(subpath));

    public IFileInfo GetFileInfo(string subpath) => new Entry(inner.GetFileInfo(subpath));

    public IChangeToken Watch(string filter) => inner.Watch(filter);

    private sealed class Contents(IDirectoryContents inner) : IDirectoryContents
    {
        public bool Exists => inner.Exists;

        public IEnumerator<IFileInfo> GetEnumerator() => inner.Select(static info => (IFileInfo)new Entry(info)).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed class Entry(IFileInfo inner) : IFileInfo
    {
        public bool Exists => inner.Exists;

        public long Length => -1;

        public string? PhysicalPath => null;

        public string Name => inner.Name;

        public DateTimeOffset LastModified => inner.LastModified;

        public bool IsDirectory => inner.IsDirectory;

        public Stream CreateReadStream() => new Forward(inner.CreateReadStream());
    }

    private sealed class Forward(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, Math.Min(count, 1000));

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
