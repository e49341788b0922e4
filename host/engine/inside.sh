# shellcheck shell=sh disable=SC3045 # dash and busybox have these limits
# Run in the engine's network namespace; becomes the engine. All that is mounted here is gone with its last process.
#   $1 empty folder to mount on · $2 root file system · $3 state · $4 socket's folder · $5 base images · $6 files to add · $7 cgroup's name
set -eu
stage=${STAGE:-1}
if [ "$stage" = 1 ]; then
  ulimit -n "$(ulimit -H -n)"
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    # cgroup v2: our own branch, seen as the root from inside. The engine's own processes go into a leaf, since a
    # group with processes may not hand controllers down.
    mkdir -p "/sys/fs/cgroup/$7/init"
    echo $$ > "/sys/fs/cgroup/$7/cgroup.procs"
    STAGE=2 exec unshare --cgroup sh -c "$SCRIPT" engine "$@"
  fi
  STAGE=3 exec unshare --mount --propagation private --pid --fork --kill-child=KILL sh -c "$SCRIPT" engine "$@"
fi
if [ "$stage" = 2 ]; then
  echo $$ > "/sys/fs/cgroup/$7/init/cgroup.procs"
  STAGE=3 exec unshare --mount --propagation private --pid --fork --kill-child=KILL sh -c "$SCRIPT" engine "$@"
fi

# A layer in memory over the root file system: that stays as it was made, and each start is a fresh one.
mount -t tmpfs -o mode=755 tmpfs "$1"
cd "$1"
mkdir lower upper work root
mount --bind "$2" lower
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work root
cp -R "$6/." root/
mkdir -p root/var/lib/dagger root/run/dagger root/var/lib/base-images root/proc root/sys root/dev root/.old
mount --bind "$3" root/var/lib/dagger
mount --bind "$4" root/run/dagger
mount --bind "$5" root/var/lib/base-images
mount -o remount,bind,ro root/var/lib/base-images
mount -t proc proc root/proc
mount -t sysfs sysfs root/sys
mount --rbind /dev root/dev
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 root/sys/fs/cgroup
  # shellcheck disable=SC2013 # words of one line
  for controller in $(cat root/sys/fs/cgroup/cgroup.controllers); do
    echo "+$controller" > root/sys/fs/cgroup/cgroup.subtree_control || true
  done
else
  mount --rbind /sys/fs/cgroup root/sys/fs/cgroup
fi
# pivot_root, not chroot: runc enters new mount namespaces and would fall back to the old root.
cd root
pivot_root . .old
cd /
umount -l /.old
rmdir /.old
unset SCRIPT STAGE
exec tini -- engine-entrypoint
