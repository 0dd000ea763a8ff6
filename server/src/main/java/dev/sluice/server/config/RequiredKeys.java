package dev.sluice.server.config;

import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** Checks that a file gives the keys that have no default. */
record RequiredKeys(FaultReport report, Node root) {

  void check() {
    var rootKeys = Keys.of(root);
    var pool = rootKeys.get("pool");
    if (pool == null || Keys.of(pool).get("endpoints") == null) {
      report.fault("pool.endpoints", "is missing; it lists the model servers, at least one");
    } else {
      each("pool.endpoints", Keys.of(pool).get("endpoints"), "url");
    }
    each("tenants", rootKeys.get("tenants"), "id");
    each("plugins", rootKeys.get("plugins"), "type");
    var flowControl = rootKeys.get("flowControl");
    if (flowControl != null) {
      var bands = Keys.of(flowControl).get("priorityBands");
      each("flowControl.priorityBands", bands, "priority");
    }
  }

  private void each(String path, @Nullable Node list, String key) {
    var items = Keys.items(list);
    for (var i = 0; i < items.size(); i++) {
      if (Keys.of(items.get(i)).get(key) == null) {
        report.broken(path + "[" + i + "]");
        report.fault(path + "[" + i + "]." + key, "is missing");
      }
    }
  }
}
