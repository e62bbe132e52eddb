"""The list of smbtorture once more, by users with tickets of a domain. On request, because it takes as long as the other one."""
import os

import kerberos_suite
import torture
from harness import Skipped, Target
from kerberos_suite import AD, NAME, PASSWORD, SERVER, Realms
from server import Deployment

NEEDS = {**kerberos_suite.NEEDS, **torture.NEEDS}
KINDS = ("physical", "memory")

# What smbtorture can do with tickets alone, and what it skips with them.
MORE = ["smb2.session." + test for test in ("expire1n", "expire1s", "expire1e", "expire2s", "expire2e", "expire_disconnect")]
SKIPPED = ("smb2.session.reauth6", "smb2.session.bind_different_user")


def suites(kind, wanted=lambda name: True):
    found = torture.suites(kind, lambda name: name not in SKIPPED and wanted(name))
    more = [test for test in MORE if wanted(test)]
    return {**found, "smb2.session": found.get("smb2.session", []) + more} if more else found


cases = [("%s/%s" % (kind, test), None) for kind in KINDS for tests in suites(kind).values() for test in tests]


class TicketDeployment(Deployment):
    """The usual shares, for whom the domain knows."""

    def __init__(self, dll, realms, kind):
        super().__init__(dll, guests=False, network=realms.network, named=kind)
        self.realms = realms

    def _arguments(self):
        arguments = super()._arguments()
        arguments[arguments.index("--listen") + 1] = SERVER + ":445"
        return [*arguments, "--keytab", self.realms.work.file("keytab")]

    def targets(self):
        base = Target(NAME % AD.lower(), 445, "physical", "physical", "alice", PASSWORD, "bob", PASSWORD,
                      {"readonly": "readonly", "encrypt": "sealed"}, self.network.prefix, ("--use-kerberos=required", "--realm=" + AD),
                      self.realms.environment())
        return [base, base.on("memory", "memory")]


def run_suite(tally, dll, prefix):
    realms = Realms(dll)
    try:
        try:
            realms.start()
        except Skipped as reason:
            tally.add(prefix, "FAIL" if os.environ.get("CI") else "skip", "left out: %s" % reason)
            return
        realms.host.stop()
        for kind in KINDS:
            plan = torture.Plan(tally, prefix, [kind], suites=suites)
            if plan.is_empty:
                continue
            deployment = TicketDeployment(dll, realms, kind)
            try:
                plan.run(deployment.start().targets())
                if not tally.only:
                    tally.run("%s/%s/the server is still there, stops with exit code 0, and logged no bug" % (prefix, kind), deployment.stops_cleanly)
            finally:
                deployment.remove()
    finally:
        realms.remove()
