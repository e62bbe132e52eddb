"""The real clients' tests; tests/run calls this. Python's standard library only.

  python3 tests/clients                              every suite against samples/ConsoleHost (built in Release)
  python3 tests/clients --only torture               only the cases whose name contains it
  python3 tests/clients --list | --missing           what there is | the Debian packages that are not installed
  python3 tests/clients --server 127.0.0.1:445 --user NAME:PASSWORD [--user2 NAME:PASSWORD] --share NAME [--kind memory]
                                                     against any server that listens there (the suites that start their own are left out)
"""
import argparse
import glob
import importlib
import importlib.util
import os
import shutil
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from harness import Failed, Tally, Target, children, find_program    # noqa: E402  (the folder is the package)
from server import DeafenableDeployment, Deployment, PrivateNetwork     # noqa: E402

SUITES = ("contract", "tool", "account", "smbclient", "impacket", "rclone", "rpcclient", "capture", "multichannel", "namespace", "kerberos", "identity", "cluster", "witness", "torture")

# They start what they need themselves, and make no sense against another server.
OWN_SERVER = ("contract", "tool", "account", "multichannel", "namespace", "kerberos", "identity", "directory", "cluster", "witness", "rdma", "tickets", "discovery")

KINDS = ("physical", "memory")

# Need a kernel with cifs.ko, and with SMB Direct in it, and the right to mount, or set up a whole domain; run when they are asked for: --only kernel,
# --only rdma, --only directory, --only discovery.
ON_REQUEST = ("kernel", "rdma", "tickets", "directory", "discovery")


def load(name):
    return importlib.import_module(name if name == "torture" else name + "_suite")


def there(need):
    if need.startswith("python:"):
        return importlib.util.find_spec(need[7:]) is not None
    if "/" in need:
        return bool(glob.glob(need))    # a part of a library that is no program
    return shutil.which(need, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is not None


def lacking(suite):
    return {need: package for need, package in suite.NEEDS.items() if not there(need)}


def names(name, suite):
    """The full names of a suite's cases, as the tally sees them."""
    if name in OWN_SERVER:
        return ["%s/%s" % (name, case) for case, _ in suite.cases]
    found = []
    for kind in (*KINDS, *([suite.PRIVATE, suite.DEAF, suite.CONTINUOUS] if name == "torture" else [])) if suite.PER_SHARE else ("physical",):
        prefix = "%s/%s" % (name, kind) if suite.PER_SHARE else name
        if name == "torture":
            found += ["%s/%s" % (prefix, test) for tests in suite.suites(kind).values() for test in tests]
        else:
            found += ["%s/%s" % (prefix, case) for case, _ in suite.cases]
    return found


def find_host(folder="samples/ConsoleHost", name="ConsoleHost"):
    return find_program(folder, name)


def run_suite(name, suite, tally, options):
    if name in ("contract", "account", "namespace", "kerberos", "directory", "rdma", "tickets", "discovery"):
        suite.run_suite(tally, options.host_dll, name)
    elif name == "multichannel":
        suite.run_suite(tally, name)
    elif name == "identity":
        suite.run_suite(tally, find_host("samples/AspNetIdentity", "AspNetIdentity"), name)
    elif name == "tool":
        suite.run_suite(tally, find_host("src/Smb3.Embedded.Tool", "smb"), name)
    elif name == "witness":
        suite.run_suite(tally, find_host("tests/Smb3.Embedded.TortureHost", "Smb3.Embedded.TortureHost"), name)
    elif name == "cluster":
        suite.run_suite(tally, find_host("tests/Smb3.Embedded.ClusterHost", "Smb3.Embedded.ClusterHost"), name)
    elif name == "torture":
        run_torture(name, suite, tally, options)
    else:
        def run(targets):
            for target in targets if suite.PER_SHARE else targets[:1]:
                suite.run_suite(tally, target, "%s/%s" % (name, target.kind) if suite.PER_SHARE else name)
        with_server(name, tally, options, run)


def run_torture(name, suite, tally, options):
    """Its suites wait far more than they work: several servers share them."""
    if options.server:
        suite.Plan(tally, name, [options.kind]).run([given_target(options)])
        return
    private, deaf = suite.Plan(tally, name, [suite.PRIVATE]), suite.Plan(tally, name, [suite.DEAF, suite.CONTINUOUS])
    lanes = [threading.Thread(target=run_row, args=(row, name, suite, tally, options)) for row in (suite.BUSY_ROW, suite.ASLEEP_ROW)]
    if not private.is_empty:
        lanes.append(threading.Thread(target=run_private, args=("%s/%s" % (name, suite.PRIVATE), tally, options, private.run)))
    if not deaf.is_empty:
        lanes.append(threading.Thread(target=run_deaf, args=("%s/%s" % (name, suite.DEAF), tally, deaf.run)))
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()


def run_quiet(name, suite, tally, options):
    """The tests that want the processors for themselves: when the lanes, and all other suites, have ended."""
    run_row(suite.QUIET_ROW, name, suite, tally, options)


def run_row(row, name, suite, tally, options):
    """The tests of a row of smbtorture's."""
    for kind in KINDS:      # each on a server of its own: some tests name their further shares themselves
        plan = suite.Plan(tally, name, [kind], lambda test: suite.row(test) == row)
        if not plan.is_empty:
            with_server("%s/%s/%d" % (name, kind, row), tally, options, plan.run, named=kind)


def run_private(name, tally, options, run):
    """With a server in a network of its own, which takes root."""
    if os.geteuid() != 0:
        tally.add(name, "FAIL" if os.environ.get("CI") else "skip", "left out: a private network needs root")
        return
    try:
        network = PrivateNetwork()
    except Failed as reason:
        tally.add(name, "FAIL" if os.environ.get("CI") else "skip", "left out: no private network: %s" % reason)
        return
    try:
        with_server(name, tally, options, run, network)
    finally:
        network.remove()


def run_deaf(name, tally, run):
    dll = find_host("tests/Smb3.Embedded.TortureHost", "Smb3.Embedded.TortureHost")
    if dll is None:
        tally.add(name, "FAIL" if os.environ.get("CI") else "skip", "left out: tests/Smb3.Embedded.TortureHost is not built")
        return
    with_deployment(name, tally, DeafenableDeployment(dll), run)


def with_server(name, tally, options, run, network=None, named="physical"):
    """Calls run with the targets of the given server, or of one of its own."""
    if options.server:
        run([given_target(options)])
        return
    with_deployment(name, tally, Deployment(options.host_dll, guests=name == "smbclient", network=network, named=named), run)


def with_deployment(name, tally, deployment, run):
    """Calls run with the targets of a server, which must be well and stop as asked behind it."""
    try:
        run(deployment.start().targets())
        if not tally.only:
            tally.run(name + "/the server is still there, stops with exit code 0, and logged no bug", deployment.stops_cleanly)
    except Exception as error:      # a broken runner fails its suite; the others still tell what they know
        tally.add(name + "/the runner", "FAIL", "%s: %s" % (type(error).__name__, error))
    finally:
        deployment.remove()


def given_target(options):
    host, _, port = options.server.rpartition(":")
    user, _, password = options.user.partition(":")
    user2, _, password2 = options.user2.partition(":")
    return Target(host.strip("[]"), int(port), options.share, options.kind, user, password, user2, password2)


def parse():
    parser = argparse.ArgumentParser(prog="tests/clients", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="NAME")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--host-dll", default=find_host(), help="the built console host")
    parser.add_argument("--counts", metavar="FILE", help="write `passed failed skipped` there")
    parser.add_argument("--server", metavar="HOST:PORT")
    parser.add_argument("--user", default="", metavar="NAME:PASSWORD")
    parser.add_argument("--user2", default="", metavar="NAME:PASSWORD")
    parser.add_argument("--share", default="")
    parser.add_argument("--kind", default="physical", choices=("physical", "memory"))
    options = parser.parse_args()
    if options.server and not (options.user and options.share):
        parser.error("--server needs --user and --share")
    return options


def main():
    options = parse()
    suites = {name: load(name) for name in SUITES}
    if options.only:
        suites.update((name, load(name)) for name in ON_REQUEST if options.only.lower().startswith(name))
    if options.missing:
        print(" ".join(sorted({word for suite in suites.values() for packages in lacking(suite).values()
                               for word in packages.split()})))
        return 0
    if options.list:
        for name, suite in suites.items():
            for case in names(name, suite):
                if options.only.lower() in case.lower():
                    print(case)
        return 0

    os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    in_ci = os.environ.get("CI", "").lower() in ("true", "1")
    tally, started = Tally(options.only), time.monotonic()
    def reasons(suite):
        """Why a suite cannot run here."""
        why = ["no " + need + " (package " + package + ")" for need, package in lacking(suite).items()]
        if not options.server and not (options.host_dll and os.path.exists(options.host_dll)):
            why.append("samples/ConsoleHost is not built")
        return why

    def run_one(name, suite, run=run_suite):
        if not any(tally.wants(case) for case in names(name, suite)) or (name in OWN_SERVER and options.server):
            return
        why = reasons(suite)
        print("\n== %s" % name, flush=True)
        if why:
            tally.add(name, "FAIL" if in_ci else "skip", "left out: " + ", ".join(why))
            return
        begun = time.monotonic()
        try:
            run(name, suite, tally, options)
        except Exception as error:      # a broken runner fails its suite; the others still tell what they know
            tally.add(name + "/the runner", "FAIL", "%s: %s" % (type(error).__name__, error))
        print("   %s took %.0f s" % (name, time.monotonic() - begun), flush=True)

    # smbtorture waits more than it works, so the others run beside it.
    beside = threading.Thread(target=run_one, args=("torture", suites["torture"])) if "torture" in suites and not options.server else None
    if beside is not None:
        beside.start()
    for name, suite in suites.items():
        if name != "torture" or beside is None:
            run_one(name, suite)
    if beside is not None:
        beside.join()
        if not reasons(suites["torture"]):
            run_one("torture", suites["torture"], run_quiet)

    if tally.failures:
        print("\nfailed:\n  " + "\n  ".join(tally.failures))
    print("\nclients: %d passed, %d failed, %d skipped in %.0f s"
          % (tally.passed, tally.failed, tally.skipped, time.monotonic() - started), flush=True)
    if options.counts:
        with open(options.counts, "w", encoding="ascii") as out:
            out.write("%d %d %d\n" % (tally.passed, tally.failed, tally.skipped))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    try:
        CODE = main()
    except (KeyboardInterrupt, BrokenPipeError):
        CODE = 130
    finally:
        children.end_all()
    sys.exit(CODE)
