"""samples/MultiChannel: one session on four channels, and a link that is cut in the middle of a copy."""
import os
import shutil

from harness import Cases, Skipped, expect, run

NEEDS = {}
PER_SHARE = False
cases = Cases()
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples", "MultiChannel", "run")


def run_suite(tally, prefix):
    for name, case in cases:
        tally.run("%s/%s" % (prefix, name), case)


def _demo(*options):
    result = run([SCRIPT, "--no-build", "--size", "64", *options], timeout=180)
    expect(result.code == 0, result.tail(1500))
    for line in ("client: 4 channels", "is cut", "client: all is sent; 2 channels are left", "client: 4 channels again",
                 "server: channel came", "server: channel went", "client: the checksum is right"):
        expect(line in result.text, lambda: "`%s` is missing: %s" % (line, result.tail(1500)))
    return result.text


@cases("over two loopback addresses, one of which goes away")
def _():
    _demo("--loopback")


@cases("over two links between network namespaces, one of which is cut")
def _():
    if os.geteuid() != 0 or not shutil.which("ip") or run(["unshare", "-n", "true"]).code != 0:
        raise Skipped("network namespaces need root and iproute2")
    text = _demo()
    expect("10.71.1.1 is cut" in text, "it fell back to the loopback: " + text[:300])
    # What the server tells of its interfaces: both links, and no loopback; and only the live one while the other is down.
    expect("the server can be reached at 10.71.0.1, 10.71.1.1" in text, text[:800])
