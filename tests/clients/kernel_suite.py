"""cifs.ko: the Linux kernel's own client, where this kernel has it and a mount is allowed."""
import os

from harness import Cases, Skipped, WorkFolder, expect, run

NEEDS = {"mount.cifs": "cifs-utils"}
PER_SHARE = True
cases = Cases()


def run_suite(tally, target, prefix):
    for name, case in cases:
        tally.run("%s/%s" % (prefix, name), case, target)


def _available():
    if os.geteuid() != 0:
        raise Skipped("only root may mount")
    with open("/proc/filesystems", encoding="ascii") as table:
        if "\tcifs\n" in table.read():
            return
    loaded = os.path.exists("/sbin/modprobe") and run(["/sbin/modprobe", "cifs"]).code == 0
    if not loaded:
        raise Skipped("this kernel has no cifs module")


def _work(target, options):
    _available()
    work = WorkFolder()
    mount = work.file("mount")
    os.makedirs(mount)
    try:
        result = run(["mount.cifs", "//%s/%s" % (target.host, target.share), mount, "-o", "port=%d,username=%s,password=%s,%s"
                      % (target.port, target.user, target.password, options)], timeout=60)
        if "Operation not permitted" in result.text:
            raise Skipped("a mount is not allowed here")
        expect(result.code == 0, result.tail())
        try:
            script = ("set -e; cd '%s'; rm -rf k; mkdir -p k/sub; cd k; head -c 5000000 /dev/urandom >../../data; cp ../../data f; "
                      "sync; cmp f ../../data; mv f sub/g; cmp sub/g ../../data; echo more >>sub/g; ln -s x y 2>/dev/null || true; "
                      "for i in $(seq 300); do echo $i >n$i; done; [ $(ls | grep -c '^n') = 300 ]; truncate -s 10 sub/g; "
                      "[ $(stat -c %%s sub/g) = 10 ]; cd ..; rm -r k; [ ! -e k ]" % mount)
            result = run(["sh", "-c", script], timeout=120)
            expect(result.code == 0, result.tail())
        finally:
            run(["umount", "-l", mount], timeout=30)
    finally:
        if not os.path.ismount(mount):
            work.remove()


def _mount(options):
    @cases("mounted with " + options)
    def _(target):
        _work(target, options)


for _options in ("vers=3.1.1", "vers=3.1.1,seal", "vers=3.0.2", "vers=3.0", "vers=2.1"):
    _mount(_options)
