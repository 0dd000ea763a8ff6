#!/usr/bin/env bash
# Builds a plugin as a user would, outside of Sluice's build, and has ./sluice find it. `mvn verify` must have run before.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

javac=$(find /usr/lib/jvm ${JAVA_HOME:+"$JAVA_HOME"} -name javac -path '*bin/javac' 2>/dev/null | sort | tail -n 1)
bin=$(dirname "${javac:-javac}")
library=$(ls flowcontrol/target/sluice-flowcontrol*.jar | grep -v -e tests -e sources -e javadoc)
jspecify=$(ls server/target/lib/jspecify-*.jar)

mkdir -p "$work/src/org/example" "$work/classes/META-INF/services" "$work/plugins"
cat >"$work/src/org/example/Plugins.java" <<'JAVA'
package org.example;

import dev.sluice.flowcontrol.framework.*;
import java.util.List;

public final class Plugins implements PluginSource {
  public record Parameters(int requests) {}

  @Override
  public List<PluginType<?>> types() {
    return List.of(
        PluginType.of(
            "at-most",
            QueueAdmissionPolicy.class,
            new Parameters(10),
            parameters -> (flow, tenant, band, cost, sizeBytes) ->
                flow.queuedRequests() < parameters.requests()));
  }
}
JAVA
echo org.example.Plugins >"$work/classes/META-INF/services/dev.sluice.flowcontrol.framework.PluginSource"
"$bin/javac" --release 17 -nowarn -cp "$library:$jspecify" -d "$work/classes" "$work/src/org/example/Plugins.java"
"$bin/jar" --create --file "$work/plugins/at-most.jar" -C "$work/classes" .
cat >"$work/sluice.yaml" <<'YAML'
pool:
  endpoints:
    - {url: "http://127.0.0.1:8000"}
plugins:
  - {name: few, type: at-most, parameters: {requests: 3}}
flowControl:
  queueAdmissionRef: few
YAML

echo "== ./sluice with a plugin of a user"
if said=$(./sluice check "$work/sluice.yaml" 2>&1); then
  echo "the plugin was found without its jar: $said" >&2
  exit 1
fi
grep -F at-most <<<"$said"
SLUICE_PLUGINS=$work/plugins ./sluice check "$work/sluice.yaml"
