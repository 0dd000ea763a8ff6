#!/bin/sh
# Tests ./sluice with shell scripts in place of JDKs and Maven, so that one machine can stand for all kinds.
set -eu

repository=$(CDPATH='' cd -- "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# Makes a JDK in folder $1 whose release file says version $2. Its java prints its folder and arguments, or records a
# start.
jdk() {
  mkdir -p "$1/bin"
  cat >"$1/bin/java" <<JAVA
#!/bin/sh
for argument; do
  case \$argument in
    -XX:AOTCacheOutput=*)
      echo "noise of the JVM"
      echo "\$*" >"\${argument#*=}"
      exit
      ;;
  esac
done
echo "java of $1: \$*"
JAVA
  printf '#!/bin/sh\n' >"$1/bin/javac"
  chmod +x "$1/bin/java" "$1/bin/javac"
  printf 'IMPLEMENTOR="Test"\nJAVA_VERSION="%s"\nJAVA_VERSION_DATE="2026-01-01"\n' "$2" >"$1/release"
}

# Makes a checkout in folder $1 that looks as if it had been built.
checkout() {
  mkdir -p "$1/server/src/main" "$1/server/target/lib" "$1/benchmarks/src/main" "$1/benchmarks/target/lib" "$1/e2e/src/main"
  cp "$repository/sluice" "$1/sluice"
  touch -t 202001010000 "$1/pom.xml" "$1/server/pom.xml" "$1/benchmarks/pom.xml" "$1/e2e/pom.xml"
  find "$1" -type d -name main -exec touch -t 202001010000 {} +
  touch "$1/server/target/sluice-server.jar" "$1/benchmarks/target/sluice-benchmarks.jar"
}

# run EXIT_CODE ASSIGNMENTS... -- ARGUMENTS...: runs the launcher with these variables only, and checks its exit code.
run() {
  expected=$1
  shift
  code=0
  set +e
  assignments=
  while [ "$1" != -- ]; do
    assignments="$assignments $1"
    shift
  done
  shift
  # shellcheck disable=SC2086 # the assignments hold no spaces
  output=$(env -i PATH="$work/bin:$tools" HOME="$work/home" SLUICE_JDK_DIRS="$work/jvm" $assignments "$launcher" "$@" 2>&1)
  code=$?
  set -e
  [ "$code" = "$expected" ] || fail "exit code $code instead of $expected"
}

fail() {
  failures=$((failures + 1))
  printf 'FAILED: %s: %s\n%s\n' "$rule" "$1" "$output" >&2
}

expect() {
  case $output in
    *"$1"*) ;;
    *) fail "no \"$1\" in the output" ;;
  esac
}

refuse() {
  case $output in
    *"$1"*) fail "\"$1\" in the output" ;;
  esac
}

# The usual tools without java and mvn.
tools=$work/tools
mkdir -p "$tools" "$work/bin" "$work/home" "$work/jvm"
for tool in sh env sed grep find head dirname basename readlink mkdir rm cat touch mv; do
  ln -s "$(command -v "$tool")" "$tools/$tool"
done
checkout "$work/checkout"
launcher=$work/checkout/sluice

rule="asks for a JDK if there is none"
run 69 -- demo
expect "Please install a JDK 25 or newer"
expect "Found none."

rule="asks for a JDK and names the one that is too old, if there is only a 17"
jdk "$work/jvm/java-17" 17.0.15
ln -s "$work/jvm/java-17/bin/java" "$work/bin/java"
run 69 -- demo
expect "Found only Java 17 in $work/jvm/java-17."
[ "$(printf '%s\n' "$output" | wc -l)" -eq 1 ] || fail "more than one line"

rule="reads the version of a Java 8"
jdk "$work/jvm/java-8" 1.8.0_402
run 69 -- demo
expect "Java 8 in $work/jvm/java-8"

rule="finds a 25 in a usual folder, if the one on the path is a 17"
jdk "$work/jvm/java-25" 25.0.3
run 0 -- demo --duration 60s
expect "java of $work/jvm/java-25: -XX:+UseCompactObjectHeaders --enable-native-access=ALL-UNNAMED -XX:+ExitOnOutOfMemoryError"
expect "dev.sluice.server.SluiceCommand demo --duration 60s"
refuse "building"

rule="trusts the release file and not the name of the folder"
jdk "$work/misnamed/jdk-25" 17.0.1
run 69 SLUICE_JDK_DIRS="$work/misnamed" -- demo
expect "Java 17 in $work/misnamed/jdk-25"

rule="asks java itself if there is no release file"
mkdir -p "$work/bare/jdk/bin"
printf '#!/bin/sh\n[ "$1" = -version ] && echo "openjdk version \\"26-ea\\" 2026" >&2 || echo "bare java: $*"\n' >"$work/bare/jdk/bin/java"
cp "$work/jvm/java-25/bin/javac" "$work/bare/jdk/bin/javac"
chmod +x "$work/bare/jdk/bin/java"
run 0 SLUICE_JDK_DIRS="$work/bare" -- demo
expect "bare java:"

rule="does not choose a runtime without a compiler"
jdk "$work/jre/jre-25" 25.0.3
rm "$work/jre/jre-25/bin/javac"
run 69 SLUICE_JDK_DIRS="$work/jre" -- demo

rule="finds a 25 that SDKMAN installed"
jdk "$work/home/.sdkman/candidates/java/25-tem" 25.0.1
output=$(env -i PATH="$work/bin:$tools" HOME="$work/home" "$launcher" demo 2>&1) || fail "exit code $?"
expect "java of $work/home/.sdkman/candidates/java/25-tem: "

rule="follows the links of the java on the path"
jdk "$work/elsewhere/jdk" 25.0.3
mkdir -p "$work/linked"
ln -s ../elsewhere/jdk/bin/java "$work/linked/java"
run 0 PATH="$work/linked:$tools" SLUICE_JDK_DIRS=/nonexistent -- demo
expect "java of $work/elsewhere/jdk: "

rule="prefers SLUICE_JAVA_HOME to JAVA25_HOME to JAVA_HOME to the path"
for name in a b c; do jdk "$work/order/$name" 25.0.3; done
run 0 SLUICE_JAVA_HOME="$work/order/a" JAVA25_HOME="$work/order/b" JAVA_HOME="$work/order/c" -- demo
expect "java of $work/order/a: "
run 0 JAVA25_HOME="$work/order/b" JAVA_HOME="$work/order/c" -- demo
expect "java of $work/order/b: "
run 0 JAVA_HOME="$work/order/c" PATH="$work/linked:$tools" -- demo
expect "java of $work/order/c: "

rule="passes over a JAVA_HOME that is too old"
run 0 JAVA_HOME="$work/jvm/java-17" -- demo
expect "java of $work/jvm/java-25: "

rule="refuses a SLUICE_JAVA_HOME that is too old"
run 69 SLUICE_JAVA_HOME="$work/jvm/java-17" -- demo
expect "is not a JDK 25 or newer (Java 17 in $work/jvm/java-17)"

rule="adds the jars of plugins to the class path: those of SLUICE_PLUGINS, else those beside the launcher"
mkdir -p "$work/checkout/plugins" "$work/own"
touch "$work/checkout/plugins/a.jar" "$work/checkout/plugins/README" "$work/own/b.jar" "$work/own/c.jar"
run 0 -- demo
expect "-cp $work/checkout/server/target/sluice-server.jar:$work/checkout/plugins/a.jar dev"
run 0 SLUICE_PLUGINS="$work/own" -- demo
expect "-cp $work/checkout/server/target/sluice-server.jar:$work/own/b.jar:$work/own/c.jar dev"
run 66 SLUICE_PLUGINS="$work/nowhere" -- demo
expect "SLUICE_PLUGINS=$work/nowhere is not a folder."
rm -r "$work/checkout/plugins"

rule="adds SLUICE_JAVA_OPTS"
output=$(env -i PATH="$tools" SLUICE_JDK_DIRS="$work/jvm" SLUICE_JAVA_OPTS="-Xmx256m -Dx=y" "$launcher" demo 2>&1) || fail "exit code $?"
expect "-Xmx256m -Dx=y -cp"

rule="keeps arguments with spaces whole, and runs from any folder through a link"
ln -s "$launcher" "$work/bin/sluice-link"
printf '#!/bin/sh\nfor argument; do last=$argument; done\necho "last=$last"\n' >"$work/order/a/bin/java"
output=$(cd / && env -i PATH="$tools" SLUICE_JAVA_HOME="$work/order/a" "$work/bin/sluice-link" serve --config "my file.yaml" 2>&1) || fail "exit code $?"
expect "last=my file.yaml"

rule="runs benchmarks with a class path of their own, and without a record"
run 0 -- bench -wi 1
expect "benchmarks/target/sluice-benchmarks.jar:"
expect "dev.sluice.benchmarks.BenchCommand -wi 1"
refuse "-XX:AOTCache"

record=$work/checkout/server/target/sluice-server.aot

rule="records a start once, and uses the record"
rm -f "$record"*
run 0 -- demo
expect "sluice: recording a start"
refuse "noise of the JVM"
expect " -XX:AOTCache=$record -cp $work/checkout/server/target/sluice-server.jar dev"
run 0 -- demo
refuse "recording"
expect " -XX:AOTCache=$record "
output=$(cat "$record")
expect "-XX:+UseCompactObjectHeaders --enable-native-access=ALL-UNNAMED -XX:+ExitOnOutOfMemoryError -XX:AOTCacheOutput="
expect "-cp $work/checkout/server/target/sluice-server.jar dev.sluice.server.TrainingRun"

rule="records again for another JDK, for its next version, and for a newer jar"
run 0 SLUICE_JAVA_HOME="$work/order/b" -- demo
expect "recording"
run 0 SLUICE_JAVA_HOME="$work/order/b" -- demo
refuse "recording"
jdk "$work/order/b" 25.0.4
run 0 SLUICE_JAVA_HOME="$work/order/b" -- demo
expect "recording"
touch -t 202002020000 "$record"*
run 0 SLUICE_JAVA_HOME="$work/order/b" -- demo
expect "recording"

rule="starts without a record if the JVM makes none, and tries only once"
jdk "$work/unable/exits" 25.0.3
printf '#!/bin/sh\nfor argument; do\n  case $argument in -XX:AOTCacheOutput=*) echo half >"${argument#*=}"; exit 1 ;; esac\ndone\necho "java: $*"\n' >"$work/unable/exits/bin/java"
jdk "$work/unable/ignores" 25.0.3
printf '#!/bin/sh\ncase $* in *AOTCacheOutput*) exit 0 ;; esac\necho "java: $*"\n' >"$work/unable/ignores/bin/java"
for kind in exits ignores; do
  run 0 SLUICE_JAVA_HOME="$work/unable/$kind" -- demo
  expect "recording"
  expect "java: "
  refuse "-XX:AOTCache"
  run 0 SLUICE_JAVA_HOME="$work/unable/$kind" -- demo
  refuse "recording"
  refuse "-XX:AOTCache"
done
ls "$record".[0-9]* >/dev/null 2>&1 && fail "half a record was left"

rule="gives SLUICE_JAVA_OPTS the last word, and leaves the record out if they bring their own"
run 0 -- demo
run 0 SLUICE_JAVA_OPTS=-XX:-UseCompactObjectHeaders -- demo
expect " -XX:AOTCache=$record -XX:-UseCompactObjectHeaders -cp"
for own in -XX:AOTCache=x -XX:AOTMode=off -XX:SharedArchiveFile=x -XX:ArchiveClassesAtExit=x -Xshare:off; do
  run 0 SLUICE_JAVA_OPTS=$own -- demo
  refuse "-XX:AOTCache=$record"
  expect " $own -cp"
  run 0 JAVA_TOOL_OPTIONS=$own -- demo
  refuse "-XX:AOTCache=$record"
done

rule="records and uses the record in a folder with a space"
checkout "$work/my checkout"
printf '#!/bin/sh\nfor argument; do\n  echo "<$argument>"\n  case $argument in -XX:AOTCacheOutput=*) touch "${argument#*=}"; echo full >"${argument#*=}" ;; esac\ndone\n' >"$work/order/a/bin/java"
output=$(env -i PATH="$tools" SLUICE_JAVA_HOME="$work/order/a" "$work/my checkout/sluice" demo 2>&1) || fail "exit code $?"
expect "<-XX:AOTCache=$work/my checkout/server/target/sluice-server.aot>"
expect "<$work/my checkout/server/target/sluice-server.jar>"

rule="asks for Maven if it has to build and there is none"
rm "$work/checkout/server/target/sluice-server.jar"
run 69 -- demo
expect "Please install Maven 3.8.7 or newer"

rule="builds a missing jar with the JDK that it found"
cat >"$work/bin/mvn" <<'MAVEN'
#!/bin/sh
echo "noise of a build"
echo "JAVA_HOME=$JAVA_HOME $*" >mvn.arguments
touch server/target/sluice-server.jar
MAVEN
chmod +x "$work/bin/mvn"
run 0 -- demo
expect "sluice: building"
refuse "noise of a build"
output=$(cat "$work/checkout/mvn.arguments")
expect "JAVA_HOME=$work/jvm/java-25 "
expect "-pl server -am package"

rule="builds nothing twice"
run 0 -- demo
refuse "building"

rule="builds again if a source of the product has changed, but not if a test or benchmark has"
mkdir -p "$work/checkout/server/src/test"
touch -t 203801010000 "$work/checkout/server/src/test" "$work/checkout/e2e/src/main" "$work/checkout/benchmarks/src/main"
run 0 -- demo
refuse "building"
touch -t 202001010000 "$work/checkout/server/target/sluice-server.jar"
touch "$work/checkout/server/src/main/Changed.java"
run 0 -- demo
expect "building"

rule="says where the output of a failed build is, and does not start Sluice"
printf '#!/bin/sh\necho "[INFO] fine"\necho "[ERROR] Changed.java: no such thing"\nexit 1\n' >"$work/bin/mvn"
rm "$work/checkout/server/target/sluice-server.jar"
run 1 -- demo
expect "[ERROR] Changed.java: no such thing"
expect "server/target/launcher-build.log"
refuse "java of"

[ "$failures" -eq 0 ] || exit 1
echo "launcher: all rules hold"
