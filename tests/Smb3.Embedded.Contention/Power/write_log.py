"""A plugin for nbdkit: a disk in a file, IMAGE, and every write and flush of it in another file, LOG, in the order in which they came.

An entry is a byte of kind (W or F), the offset (8 bytes), the length (4 bytes), and the data of a write. It is in the log before the request
is answered, so whoever sees an effect of the answer finds the entry within what the log is long then.
"""
import os
import struct

import nbdkit

API_VERSION = 2

files = {}


def config(key, value):
    if key == "image":
        files[key] = os.open(value, os.O_RDWR)
    elif key == "log":
        files[key] = os.open(value, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    else:
        raise RuntimeError("unknown parameter " + key)


def config_complete():
    if len(files) != 2:
        raise RuntimeError("image= and log= are needed")


def thread_model():
    return nbdkit.THREAD_MODEL_SERIALIZE_ALL_REQUESTS


def open(readonly):
    return 1


def get_size(handle):
    return os.fstat(files["image"]).st_size


def can_write(handle):
    return True


def can_flush(handle):
    return True


def note(kind, offset, data):
    if os.writev(files["log"], [struct.pack("<cQI", kind, offset, len(data)), data]) != 13 + len(data):
        raise RuntimeError("the log is not whole")


def pread(handle, buffer, offset, flags):
    if os.preadv(files["image"], [buffer], offset) != len(buffer):
        raise RuntimeError("a short read")


def pwrite(handle, buffer, offset, flags):
    if os.pwrite(files["image"], buffer, offset) != len(buffer):
        raise RuntimeError("a short write")
    note(b"W", offset, bytes(buffer))


def flush(handle, flags):
    note(b"F", 0, b"")
