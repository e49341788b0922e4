#!/bin/sh
# Prints what is installed, in a fixed order, by the distribution's own list. An image's identity has the names:
#
#   list-packages.sh names            as the list has them
#   list-packages.sh specifications   NAME VERSION SPECIFICATION, the last one as the package manager takes it
set -eu

if command -v dpkg-query > /dev/null; then
  if [ "$1" = names ]; then dpkg-query -W; else dpkg-query -W -f '${Package} ${Version} ${Package}=${Version}\n'; fi
elif command -v rpm > /dev/null; then
  if [ "$1" = names ]; then rpm -qa; else rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE} %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n'; fi
elif [ "$1" = names ]; then PATH=$PATH:/sbin apk info -v
else awk -F: '/^P:/ { name = $2 } /^V:/ { print name, $2, name "=" $2 }' /lib/apk/db/installed
fi | LC_ALL=C sort
