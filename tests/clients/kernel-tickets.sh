#!/bin/bash
# The Linux kernel's own client with tickets: mounts with sec=krb5 and krb5i, two users on one mount, a ticket that ends.
#
#   kernel-tickets.sh SERVER PORT SHARE TICKETS MOUNTPOINT
#
# By hand, as root, on a machine that may be spoilt: it writes /etc/request-key.d/cifs.spnego.conf and the caches /tmp/krb5cc_*. Needs cifs.ko,
# Debian's cifs-utils and keyutils, an /etc/krb5.conf with the realm, and SERVER by its name; no KDC, because the tickets are in the folder TICKETS:
# the caches `alice` and `bob`, each with one for cifs/SERVER. To ask for a short one, the script makes the file `wants-short` there, and waits for
# `short`, a cache of alice whose ticket ends soon, and `short-ends`, when (seconds since 1970).
set -u
[ $# = 5 ] || { sed -n '2,10p' "$0"; exit 98; }
server=$1 port=$2 share=$3 tickets=$4 mnt=$5
failed=0
report() { # NAME CODE
  if [ "$2" = 0 ]; then echo "  ok   $1"; else echo "  FAIL $1"; failed=1; fi
}
have() { # CACHE UID
  rm -f "/tmp/krb5cc_$2"; cp "$tickets/$1" "/tmp/krb5cc_$2"; chown "$2" "/tmp/krb5cc_$2"; chmod 600 "/tmp/krb5cc_$2"
}
mounted() { timeout 120 mount -t cifs "//$server/$share" "$mnt" -o "port=$port,$1"; }
ended() { umount "$mnt" || umount -l "$mnt"; }

mkdir -p "$mnt" /etc/request-key.d
echo 'create cifs.spnego * * /usr/sbin/cifs.upcall %k' >/etc/request-key.d/cifs.spnego.conf
modprobe cifs
data=$(mktemp); head -c 3000000 /dev/urandom >"$data"
have alice 0
for options in sec=krb5,vers=3.1.1 sec=krb5i,vers=3.1.1 sec=krb5,vers=3.1.1,seal sec=krb5,vers=3.0 sec=krb5,vers=2.1 \
  sec=krb5,vers=3.1.1,multichannel,max_channels=3; do
  if mounted "$options"; then
    cp "$data" "$mnt/data" && sync && echo 3 >/proc/sys/vm/drop_caches && cmp "$data" "$mnt/data" && rm "$mnt/data"
    report "$options" $?
    ended
  else
    report "$options: the mount" 1
  fi
done

have bob 1          # daemon: cifs.upcall wants a user that there is
rm -f /tmp/krb5cc_2
if mounted sec=krb5,vers=3.1.1,multiuser,noperm; then
  touch "$mnt/of-alice" && setpriv --reuid=1 --clear-groups touch "$mnt/of-bob"
  report "multiuser: each with the own ticket" $?
  ! setpriv --reuid=2 --clear-groups ls "$mnt" >/dev/null 2>&1
  report "multiuser: nobody without one" $?
  owners=$(for file in of-alice of-bob; do getcifsacl "$mnt/$file" | grep OWNER; done | sort -u | wc -l)
  [ "$owners" = 2 ]
  report "multiuser: what each has made is the own" $?
  rm -f "$mnt/of-alice" "$mnt/of-bob"
  ended
else
  report "multiuser: the mount" 1
fi

touch "$tickets/wants-short"
until [ -e "$tickets/short" ] && [ -e "$tickets/short-ends" ]; do sleep 1; done
have short 0
if mounted sec=krb5,vers=3.1.1,actimeo=0; then
  echo hello >"$mnt/before"
  while [ "$(date +%s)" -le $(($(cat "$tickets/short-ends") + 2)) ]; do sleep 1; done
  ! timeout 60 ls "$mnt" >/dev/null 2>&1
  report "a ticket that has ended opens nothing" $?
  have alice 0
  for _ in $(seq 60); do
    [ "$(timeout 20 cat "$mnt/before" 2>/dev/null)" = hello ] && break
    sleep 1
  done
  [ "$(timeout 20 cat "$mnt/before")" = hello ] && rm "$mnt/before"
  report "with a new ticket the mount goes on" $?
  ended
else
  report "the mount with a ticket that ends soon" 1
fi
rm -f "$data"
exit $failed
