#!/bin/sh
# Compiles a Java program of this project with its libraries from Maven, which are checked against libs.sha256, to /out:
#
#   build-java.sh [OPTION OF MAVEN]...
#
# Without classes of its own a program is its libraries alone.
set -eu

mkdir -p /out/libs
mvn "$@" --batch-mode --no-transfer-progress --quiet dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=/out/libs
(cd /out/libs && sha256sum --quiet --check --strict /build/libs.sha256)
# shellcheck disable=SC2012 # names of libraries have no spaces
test "$(ls /out/libs | wc -l)" -eq "$(wc -l < libs.sha256)" || { echo "there are other libraries than in libs.sha256" >&2; exit 1; }
find . -maxdepth 1 -name '*.java' | grep -q . || exit 0
# shellcheck disable=SC2046 # several words
javac --release 21 -cp '/out/libs/*' -d /out $(find . -name '*.java' ! -name '*Test.java')
