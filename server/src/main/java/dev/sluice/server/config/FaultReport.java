package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.RecordType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * The faults of a file, each as {@code file:line:column: path: what is wrong}. It knows the place
 * of each path in the file. It also knows the records that are stand-ins, because the file's own
 * were refused. Not thread-safe.
 */
final class FaultReport {
  private final String file;
  private final List<String> faults = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final Map<String, Mark> places = new HashMap<>();
  private final Set<String> broken = new HashSet<>();

  FaultReport(String file) {
    this.file = file;
  }

  /** The faults so far, in the order in which they were noted. */
  List<String> faults() {
    return List.copyOf(faults);
  }

  /** What is allowed but hardly meant, in the order in which it was noted. */
  List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** Remembers that a path's value is at a node. */
  void place(String path, Node node) {
    node.getStartMark().ifPresent(mark -> places.put(path, mark));
  }

  /** Notes a fault of a path, at the place of the path or of the nearest path around it. */
  void fault(String path, String what) {
    fault(nearest(path), path, what);
  }

  /** Notes a warning about a path, at the same place as a fault. */
  void warn(String path, String what) {
    var place = place(Optional.ofNullable(nearest(path)));
    warnings.add(file + place + ": " + path + ": " + what);
  }

  private @Nullable Mark nearest(String path) {
    var at = path;
    while (!places.containsKey(at) && !at.isEmpty()) {
      var dot = Math.max(at.lastIndexOf('.'), at.lastIndexOf('['));
      at = dot < 0 ? "" : at.substring(0, dot);
    }
    return places.get(at);
  }

  /** Notes a fault at a node. */
  void fault(Node node, String path, String what) {
    fault(node.getStartMark().orElse(null), path, what);
  }

  private void fault(@Nullable Mark mark, String path, String what) {
    var place = place(Optional.ofNullable(mark));
    var fault = file + place + ": " + (path.isEmpty() ? "" : path + ": ") + what;
    if (!faults.contains(fault)) { // a plugin that many keys refer to is one fault
      faults.add(fault);
    }
  }

  /** {@code :line:column}, counted from 1; empty if the place is unknown. */
  static String place(Optional<Mark> mark) {
    return mark.map(m -> ":" + (m.getLine() + 1) + ":" + (m.getColumn() + 1)).orElse("");
  }

  /** Notes each fault for which the constructor of a path's value refused its arguments. */
  void refused(String path, IllegalArgumentException refused) {
    broken(path);
    for (var fault : RecordType.faults(refused)) {
      fault(join(path, fault.name()), fault.what());
    }
  }

  /** Notes that the record of a path is a stand-in: not what the file says. */
  void broken(String path) {
    broken.add(path);
  }

  /** Whether the record of a path is what the file says, not a stand-in. */
  boolean isWhole(String path) {
    return !broken.contains(path);
  }

  /** The path of a key inside another path; either may be empty. */
  static String join(String path, String name) {
    if (name.isEmpty()) {
      return path;
    }
    return path.isEmpty() ? name : path + "." + name;
  }
}
